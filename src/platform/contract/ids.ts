import { DuplicateEvent, DuplicateRequest } from './duplicates.ts';
import { AppError } from './errors.ts';

/** Ids of one kind of thing, known before anything is saved. No two processes are given the same. */
export interface Ids {
  next(): Promise<number>;
  /** Takes back an id under which nothing was saved or announced, nor will be: it is the next one again. */
  giveBack(id: number): void;
}

/**
 * Does `work` with an id, which goes back when nothing has it afterwards: when `work` was refused, or when what it
 * made has another id (`idOf`; undefined when nothing was saved). In doubt an id is lost rather than given twice.
 */
export function withId<T>(
  ids: Ids,
  work: (id: number) => Promise<T>,
  idOf: (made: T) => number | undefined,
): Promise<T> {
  return withIds(
    ids,
    1,
    ([id = 0]) => work(id),
    (made) => [idOf(made)],
  );
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

/** Whether nothing was saved, and this is known: after anything else there may be what nobody was told of. */
export function wasRefused(error: unknown): boolean {
  if (error instanceof AppError) return error.kind !== 'unavailable' && error.kind !== 'timeout';
  return error instanceof DuplicateRequest || error instanceof DuplicateEvent;
}
