/**
 * How far a group has come when its events end in another order than they began: the position up to which all are
 * done with. It is stored now and then, not after every event; events beyond it may come again, and the inbox knows
 * them.
 */
export interface Progress {
  /**
   * An event in flight; the answer is to be called when its handling has ended. What has not succeeded stays open.
   * Positions are given in ascending order.
   */
  begin(position: number): (succeeded: boolean) => void;
  /** An event that nobody waits for; its position is in the same order. */
  pass(position: number): void;
  /** Stores the position once more. */
  close(): Promise<void>;
  /** Stores nothing any more: what it is a position of is there no longer. */
  drop(): void;
}

/** Starts at a stored position; `keep` is called at most every `everyMs`. */
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
    keepSoon();
  }

  function keepSoon(): void {
    if (reached > kept && !dropped) timer ??= setTimeout(() => void save(), everyMs);
  }

  async function save(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (reached === kept || dropped) return;
    const position = reached;
    // A position that could not be stored is stored the next time; until then events only come twice.
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
      return (succeeded) => {
        one.done = succeeded;
        if (succeeded) advance();
      };
    },
    pass(position) {
      if (head < open.length) open.push({ position, done: true });
      else {
        reached = position;
        keepSoon();
      }
    },
    close: save,
    drop() {
      dropped = true;
      clearTimeout(timer);
    },
  };
}
