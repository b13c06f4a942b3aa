import { setTimeout as sleep } from 'node:timers/promises';

const PAUSE_MS = 10;

/**
 * Waits until `check` no longer throws, and answers what it answers: for what follows by event. Throws what the
 * last attempt threw when the patience ends.
 */
export async function settle<T>(check: () => Promise<T> | T, patienceMs = 15_000): Promise<T> {
  const end = Date.now() + patienceMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(PAUSE_MS);
    }
  }
}
