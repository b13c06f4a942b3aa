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

/**
 * Makes a runner whose work must be done in `ms`, within a second or so. One timer watches over all that is under way,
 * since a timer for each would cost more than most of the work.
 */
export function timeoutRunner(ms: number): <T>(work: () => Promise<T>) => Promise<T> {
  // In the order in which they began, and so in the order in which their time ends.
  const underWay = new Map<object, { readonly until: number; readonly late: () => void }>();
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    const now = performance.now();
    for (const { until, late } of underWay.values()) {
      if (until > now) break;
      late();
    }
    if (underWay.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  }

  return (work) =>
    new Promise((resolve, reject) => {
      const one = {};
      underWay.set(one, {
        until: performance.now() + ms,
        late() {
          underWay.delete(one);
          reject(new Error(`it took longer than ${ms / 1_000} s`));
        },
      });
      timer ??= setInterval(look, 1_000).unref();
      work()
        .then(resolve, reject)
        .finally(() => underWay.delete(one));
    });
}
