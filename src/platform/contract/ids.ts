import { DuplicateEvent, DuplicateRequest } from './duplicates.ts';
import { AppError } from './errors.ts';

/** Allocates the ids of one kind of entity before it is saved. No two processes get the same id. */
export interface Ids {
  next(): Promise<number>;
  /** Returns an id under which nothing was or will be saved or published; it is the next one again. */
  giveBack(id: number): void;
}

/**
 * Calls `work` with an id, and gives the id back when it is unused: when `work` was refused, or when its result has
 * another id (`idOf`; undefined when nothing was saved). In doubt an id is lost rather than used twice.
 */
export async function withId<T>(
  ids: Ids,
  work: (id: number) => Promise<T>,
  idOf: (made: T) => number | undefined,
): Promise<T> {
  const id = await ids.next();
  try {
    const made = await work(id);
    if (idOf(made) !== id) ids.giveBack(id);
    return made;
  } catch (error) {
    if (wasRefused(error)) ids.giveBack(id);
    throw error;
  }
}

/** The same for several ids, some of which may be left over. */
export async function withIds<T>(
  ids: Ids,
  count: number,
  work: (given: readonly number[]) => Promise<T>,
  idsOf: (made: T) => readonly (number | undefined)[],
): Promise<T> {
  const given = await Promise.all(Array.from({ length: count }, () => ids.next()));
  try {
    const made = await work(given);
    const used = idsOf(made);
    for (const id of given) if (!used.includes(id)) ids.giveBack(id);
    return made;
  } catch (error) {
    if (wasRefused(error)) for (const id of given) ids.giveBack(id);
    throw error;
  }
}

/** Whether it is certain that nothing was saved. After any other error the save may have been committed. */
export function wasRefused(error: unknown): boolean {
  if (error instanceof AppError) return error.kind !== 'unavailable' && error.kind !== 'timeout';
  return error instanceof DuplicateRequest || error instanceof DuplicateEvent;
}
