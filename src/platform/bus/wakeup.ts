/** A notification to wait for, which may come at any time, also before anybody waits. */
export interface Wakeup {
  notify(): void;
  /** Resolves at the next `notify`, at once if one came since the last wait, or after `timeoutMs`; answers whether it came. */
  wait(timeoutMs: number): Promise<boolean>;
}

/** Makes one for a single waiter. */
export function createWakeup(): Wakeup {
  let notified = false;
  let wake: (() => void) | undefined;
  return {
    notify() {
      notified = true;
      wake?.();
    },
    async wait(timeoutMs) {
      if (!notified) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = undefined;
      }
      const came = notified;
      notified = false;
      return came;
    },
  };
}
