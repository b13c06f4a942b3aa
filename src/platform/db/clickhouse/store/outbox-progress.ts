import { parseToPrint } from '../../../contract/money/json.ts';
import type { Announcement } from '../../announcements.ts';
import type { WaitingEvent } from '../../outbox.ts';
import type { Written } from './writer.ts';

/**
 * How far this process has brought the events of one service. What is known of the table by heart is `recent`:
 *
 * | state      | the relay of this process                       | how the next question is answered                     |
 * | ---------- | ----------------------------------------------- | ----------------------------------------------------- |
 * | `unread`   | has not asked yet                               | the mark is read from the table                       |
 * | `leading`  | asked within the last seconds, or writes alone  | from memory, and from the table for what is not there |
 * | `lapsed`   | has not asked for a while: another may have led | the mark is read again; what it passed is forgotten   |
 *
 * `unread` → `leading` with the first question, `leading` → `lapsed` by time alone, `lapsed` → `leading` with the next.
 * Whatever the state, rows that are written here are added, and `lost` says that some may be missing.
 */
export interface OutboxProgress {
  /** All up to here was handed out, and is published but for what is in `left`; undefined while `unread`. */
  mark: number | undefined;
  /** In their order: what was handed out and is not done with, and what was passed over for it. */
  left: WaitingEvent[];
  askedAt: number;
  /** The mark that the table has, and when it was written. */
  kept: number;
  keptAt: number;
  /** The rows behind the mark, as far as known. */
  recent: Row[];
  /** Nothing waits in the table that is not in `recent`. */
  whole: boolean;
}

export type OutboxState = 'unread' | 'leading' | 'lapsed';

export type Row = Pick<Written, 'position'> & { readonly events: string };

const MOST_RECENT = 10_000;
/** Who was not asked for so long did not lead: another has published since. A leader looks every second. */
const LED_MS = 3_000;

export function newProgress(): OutboxProgress {
  return { mark: undefined, left: [], askedAt: Number.NEGATIVE_INFINITY, kept: 0, keptAt: 0, recent: [], whole: false };
}

/** `shared`: other processes write and publish, too. */
export function stateOf({ mark, askedAt }: OutboxProgress, shared: boolean): OutboxState {
  if (mark === undefined) return 'unread';
  return !shared || performance.now() - askedAt < LED_MS ? 'leading' : 'lapsed';
}

/** Takes over the mark that the table has: what lies before it was brought on by another process. */
export function resume(progress: OutboxProgress, mark: number): void {
  if (progress.mark === undefined) progress.kept = mark;
  else if (mark > progress.kept) {
    progress.left = progress.left.filter(({ position }) => position > mark);
    progress.kept = mark;
  }
  advance(progress, mark);
}

/** Moves the mark on, never back. */
export function advance(progress: OutboxProgress, to: number): void {
  const mark = Math.max(progress.mark ?? 0, to);
  progress.mark = mark;
  const gone = progress.recent.findIndex(({ position }) => position > mark);
  progress.recent.splice(0, gone === -1 ? progress.recent.length : gone);
}

/** Adds rows that were written here a moment ago. */
export function remember(progress: OutboxProgress, rows: readonly Written[]): void {
  const { recent } = progress;
  for (const { position, events } of rows) recent.push({ position, events: String(events ?? '') });
  if (recent.length > MOST_RECENT) {
    recent.splice(0, recent.length - MOST_RECENT);
    progress.whole = false;
  }
}

/** Rows may be in the table that are not in `recent`. */
export function lose(progress: OutboxProgress): void {
  if (progress.mark === undefined) return;
  Object.assign(progress, { whole: false, recent: [] });
}

/** Takes what is done with out of what is left: as a rule it is all of it. */
export function forget(progress: OutboxProgress, done: readonly WaitingEvent[]): void {
  if (done.length === 0) return;
  const gone = new Set(done.map(({ id }) => id));
  progress.left = progress.left.filter(({ id }) => !gone.has(id));
}

/** The known rows that stand right behind the mark, up to the first that is missing: another process wrote that one. */
export function inARow({ recent, mark = 0 }: OutboxProgress, limit: number): readonly Row[] {
  let n = 0;
  while (n < limit && recent[n]?.position === mark + n + 1) n++;
  return recent.slice(0, n);
}

/** Where a relay of another process may begin: with what is left here. */
export function markToKeep({ left, mark = 0 }: OutboxProgress): number {
  const [first] = left;
  return first === undefined ? mark : Math.min(mark, first.position - 1);
}

export function eventsOf(source: string, { position, events }: Row): WaitingEvent[] {
  if (events === '' || events === '[]') return [];
  const all = parseToPrint(events) as Announcement[];
  return all.map(({ data, ...event }) => ({ ...event, source, position, data: JSON.stringify(data) }));
}
