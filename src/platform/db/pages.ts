import type { Page, PageRequest } from '../contract/contract.ts';
import { common } from '../contract/errors.ts';

/** Cuts a list that was read with `limit + 1` to a page; `cursorOf` names the last row's place in the order. */
export function pageOf<T>(rows: T[], limit: number, cursorOf: (row: T) => string | number): Page<T> {
  if (rows.length <= limit) return { items: rows };
  const items = rows.slice(0, limit);
  const last = items[items.length - 1];
  return last === undefined ? { items } : { items, next: encodeCursor(String(cursorOf(last))) };
}

const encodeCursor = (place: string): string => Buffer.from(`v1 ${place}`).toString('base64url');

/** The page of a list by id, newest first, that begins with `from_id` unless a cursor says otherwise. */
export function pageFrom({ from_id, ...page }: PageRequest & { readonly from_id?: number }): PageRequest {
  return from_id === undefined ? page : { ...page, cursor: page.cursor ?? encodeCursor(String(from_id + 1)) };
}

/** The place that a cursor of an id-ordered list names; undefined for the first page. Throws BAD_CURSOR. */
export function cursorId(cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined;
  const match = /^v1 (\d{1,16})$/.exec(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!match) throw common.BAD_CURSOR();
  return Number(match[1]);
}
