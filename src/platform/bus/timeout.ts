/** How long a broker has to answer before it counts as away. */
export const BROKER_TIMEOUT_MS = 8_000;

/** Settles as `work` does, or rejects with `sentence` when that takes longer than `ms`. */
export async function withTimeout<T>(ms: number, sentence: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(sentence)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Work that is under way, between what began before and after it. */
interface UnderWay {
  readonly until: number;
  readonly reject: (error: Error) => void;
  before: UnderWay;
  after: UnderWay;
}

/**
 * Makes a runner whose work must be done in `ms`, within a second or so. One timer watches over all that is under way,
 * since a timer for each would cost more than most of the work.
 */
export function timeoutRunner(ms: number): <T>(work: () => Promise<T>) => Promise<T> {
  // In the order in which they began, and so in the order in which their time ends. A ring, since a map that so much
  // goes in and out of is made anew again and again.
  const ring = { until: Number.POSITIVE_INFINITY } as UnderWay;
  ring.before = ring;
  ring.after = ring;
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    const now = performance.now();
    for (let one = ring.after; one.until <= now; one = ring.after) {
      leave(one);
      one.reject(new Error(`it took longer than ${ms / 1_000} s`));
    }
    if (ring.after !== ring) return;
    clearInterval(timer);
    timer = undefined;
  }

  function enter(reject: (error: Error) => void): UnderWay {
    const one = { until: performance.now() + ms, reject, before: ring.before, after: ring };
    ring.before.after = one;
    ring.before = one;
    timer ??= setInterval(look, 1_000).unref();
    return one;
  }

  return (work) =>
    new Promise((resolve, reject) => {
      const working = work();
      const one = enter(reject);
      working.then(
        (value) => {
          leave(one);
          resolve(value);
        },
        (error: unknown) => {
          leave(one);
          reject(error as Error);
        },
      );
    });
}

// Once more is harmless: it is then its own neighbour.
function leave(one: UnderWay): void {
  one.before.after = one.after;
  one.after.before = one.before;
  one.before = one;
  one.after = one;
}
