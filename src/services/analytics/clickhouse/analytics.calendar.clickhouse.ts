import type { ClickHouse } from '../../../platform/db/clickhouse/engine.ts';
import { analyticsErrors } from '../analytics.contract.ts';

/** The time zone by whose hours and days the sums of a log are kept. */
export interface Calendar {
  readonly zone: string;
  /** The sums are being moved to this zone; until it is done they are of two. */
  readonly changing: boolean;
}

/**
 * The calendar is a row of the log like an entity, so that a block can fix it together with the sums that it moves; the
 * newest counts.
 */
export const calendarRow = ({ zone, changing }: Calendar): object => ({
  what: 'story',
  kind: 'calendar',
  item_id: 1,
  name: zone,
  status: changing ? 'changing' : '',
});

/** Reads the calendar of a log; undefined before anything is counted. */
export function calendarOf(engine: ClickHouse, log: string): () => Promise<Calendar | undefined> {
  const newest = `select name as zone, status = 'changing' as moving from ${log}
    where what = 'story' and kind = 'calendar' and item_id = 1 order by position desc limit 1`;
  const any = `select 1 as found from ${log} where what = 'total' and kind = '' limit 1`;
  return async () => {
    const [row] = await engine.query<{ zone: string; moving: number }>(newest);
    if (row) return { zone: row.zone, changing: row.moving !== 0 };
    const [counted] = await engine.query<object>(any);
    // Older versions counted by the hours and days of UTC, and had no calendar.
    return counted ? { zone: 'UTC', changing: false } : undefined;
  };
}

/** The zone to read by. Throws ANALYTICS_REBUILDING while the sums are of two. */
export function settled(calendar: Calendar | undefined, otherwise: string): string {
  if (calendar?.changing) throw analyticsErrors.REBUILDING();
  return calendar?.zone ?? otherwise;
}
