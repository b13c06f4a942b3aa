import { common } from './errors.ts';

/** Lost so often in a row, it is no race any more. */
const MAX_CONFLICTS = 20;

/**
 * Loads, decides and saves again for as long as somebody else was faster: for what may be decided anew on whatever
 * the other has left. Throws STALE after twenty lost races, and everything else that `attempt` throws at once.
 */
export async function retryOnConflict<T>(attempt: () => Promise<T>): Promise<T> {
  for (let races = 1; ; races++) {
    try {
      return await attempt();
    } catch (error) {
      if (races === MAX_CONFLICTS || (error as { code?: string }).code !== common.STALE.code) throw error;
    }
  }
}
