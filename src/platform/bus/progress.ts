/**
 * How far a group has come when its events end in another order than they began: the place below which all are
 * done with. It is kept now and then, not after every event: what was done beyond it and comes again is known.
 */
export interface Progress {
  /** Takes an event on; the answer is to be called when it is done with. Places are given in ascending order. */
  begin(position: number): () => void;
  /** Keeps the place once more. */
  close(): Promise<void>;
  /** Keeps nothing any more: what it is a place of is there no longer. */
  drop(): void;
}

/** Starts at a place that is kept already; `keep` is called at most every `everyMs`. */
export function progress(start: number, everyMs: number, keep: (position: number) => Promise<void>): Progress {
  const open: { position: number; done: boolean }[] = [];
  let head = 0;
  let reached = start;
  let kept = start;
  let dropped = false;
  let timer: NodeJS.Timeout | undefined;

  function advance(): void {
    for (let next = open[head]; next?.done; next = open[head]) {
      reached = next.position;
      head++;
    }
    // Shifting one by one would copy the rest each time.
    if (head > 1_000) {
      open.splice(0, head);
      head = 0;
    }
    if (reached > kept && !dropped) timer ??= setTimeout(() => void save(), everyMs);
  }

  async function save(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (reached === kept || dropped) return;
    const position = reached;
    // A place that could not be kept is kept the next time; until then events only come twice.
    await keep(position).then(
      () => {
        kept = Math.max(kept, position);
      },
      () => undefined,
    );
  }

  return {
    begin(position) {
      const one = { position, done: false };
      open.push(one);
      return () => {
        one.done = true;
        advance();
      };
    },
    close: save,
    drop() {
      dropped = true;
      clearTimeout(timer);
    },
  };
}
