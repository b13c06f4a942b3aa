import { hash } from 'node:crypto';
import type { Op, Page } from '../../contract/contract.ts';
import { common } from '../../contract/errors.ts';
import { objectShapeOf } from '../../contract/schema/shape.ts';

/**
 * Cursors of one list. What a client gets begins with a mark of the operation and its filter, so that another list, and
 * the same list with another filter, refuse it. How long a page is, is no filter.
 */
export interface Cursors {
  /** The input with the cursor as the store made it. Throws BAD_CURSOR for one of another list. */
  read(input: object): object;
  /** A page with its cursor as the client gets it. */
  mark(page: Page<unknown>, input: object): Page<unknown>;
}

/** The cursors of an operation; undefined when it is no list that goes on. */
export function cursorsOf(op: Op): Cursors | undefined {
  if (!objectShapeOf(op.output).page || !('cursor' in op.input.properties)) return undefined;
  return {
    read(input) {
      const { cursor } = input as { cursor?: string };
      if (cursor === undefined) return input;
      const mark = markOf(op, input);
      if (!cursor.startsWith(mark)) throw common.BAD_CURSOR();
      return { ...input, cursor: cursor.slice(mark.length) };
    },
    mark: (page, input) => (page.next === undefined ? page : { ...page, next: markOf(op, input) + page.next }),
  };
}

const MARK_LENGTH = 8;

function markOf(op: Op, input: object): string {
  const filter = Object.entries(input)
    .filter(([name, value]) => name !== 'cursor' && name !== 'limit' && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return hash('sha1', JSON.stringify([op.id, filter]), 'base64url').slice(0, MARK_LENGTH);
}
