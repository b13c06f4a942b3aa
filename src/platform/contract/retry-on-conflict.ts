import { common, isError } from './errors.ts';

/** Give up after this many version conflicts. */
export const MAX_CONFLICTS = 20;

/** Whether somebody else saved a newer version first. */
export const isConflict = (error: unknown): boolean => isError(error, common.STALE);

/**
 * Repeats load, decide and save after a version conflict; use it for decisions that are valid on any newer state.
 * Throws STALE after 20 conflicts, and any other error of `attempt` at once.
 */
export async function retryOnConflict<T>(attempt: () => Promise<T>): Promise<T> {
  for (let conflicts = 1; ; conflicts++) {
    try {
      return await attempt();
    } catch (error) {
      if (conflicts === MAX_CONFLICTS || !isConflict(error)) throw error;
    }
  }
}
