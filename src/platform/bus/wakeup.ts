/** Something to wait for that may come at any time, also before anybody waits. */
export interface Wakeup {
  notify(): void;
  /** Resolves at the next `give`, at once if one came since the last wait, or after `patienceMs`; says whether it came. */
  wait(patienceMs: number): Promise<boolean>;
}

/** Makes a signal for one who waits. */
export function createWakeup(): Wakeup {
  let given = false;
  let wake: (() => void) | undefined;
  return {
    notify() {
      given = true;
      wake?.();
    },
    async wait(patienceMs) {
      if (!given) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, patienceMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
        wake = undefined;
      }
      const came = given;
      given = false;
      return came;
    },
  };
}
