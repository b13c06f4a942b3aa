import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 10;
// Long, so that no slow machine makes a test fail; what happens is seen within a pause.
const TIMEOUT_MS = 120_000;

/**
 * Waits until `check` no longer throws, and answers what it answers: for what follows by event. Throws what the
 * last attempt threw when the time is over, two minutes unless told otherwise.
 */
export async function settle<T>(check: () => Promise<T> | T, timeoutMs = TIMEOUT_MS): Promise<T> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
