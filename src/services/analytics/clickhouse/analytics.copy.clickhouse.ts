import {
  clickhousePlatformTables,
  countInClickHouse,
  PATIENT,
} from '../../../platform/db/transfer/clickhouse/tables.ts';
import type { ClickHouseLocation, ClickHouseTable } from '../../../platform/db/transfer/portable.ts';
import { type CarriedFact, type Contribution, contributionOf, factOf } from '../model/analytics.copy.model.ts';
import { calendarOf, calendarRow, settled } from './analytics.calendar.clickhouse.ts';
import { type EntityRow, entityOf, LOG, STORY_COLUMNS } from './analytics.log.clickhouse.ts';
import { countingIn } from './analytics.recording.clickhouse.ts';

/** What analytics keeps in ClickHouse, in its portable form: the events, of which every figure is made. */
export function analyticsCopyClickHouse(place: ClickHouseLocation): readonly ClickHouseTable[] {
  return [calendar(place), events(place), ...clickhousePlatformTables(place)];
}

/** The time zone of the figures, before what is counted by it. */
function calendar({ engine, database }: ClickHouseLocation): ClickHouseTable {
  const read = calendarOf(engine, `${database}.${LOG}`);
  return {
    name: 'calendar',
    key: ['zone'],
    count: async () => ((await read()) ? 1 : 0),
    async read(after) {
      const known = after ? undefined : await read();
      return known && { rows: [{ zone: settled(known, known.zone) }], end: [known.zone] };
    },
    async blocks(rows) {
      const [row] = (await read()) ? [] : rows;
      const recorded_at = new Date().toISOString();
      const begun = row ? [{ ...calendarRow({ zone: String(row.zone), changing: false }), recorded_at }] : [];
      return [{ table: LOG, placed: true, rows: begun }];
    },
  };
}

type EventRow = Omit<CarriedFact, 'metric' | 'told'> & {
  readonly metric: NonNullable<CarriedFact['metric']> | '';
  readonly position: number;
};

const EVENTS = `what = 'event' and kind = '' and item_id = 0`;

function events(place: ClickHouseLocation): ClickHouseTable {
  const { engine, database } = place;
  const log = `${database}.${LOG}`;
  const { first, next, told } = statements(log);
  const decide = countingIn(engine, log, 'UTC');

  /** Event to what it told. */
  async function toldBy(rows: readonly EventRow[]): Promise<ReadonlyMap<string, Contribution[]>> {
    const places = rows.map(({ position }) => position);
    const span = { first: rows[0]?.id, last: rows.at(-1)?.id, from: Math.min(...places), to: Math.max(...places) };
    const found = await engine.query<EntityRow & { id: string }>(told, span, PATIENT);
    const byEvent = Map.groupBy(found, ({ id }) => id);
    return new Map(
      [...byEvent].map(([event, all]) => [event, all.map(({ id: _, ...row }) => contributionOf(entityOf(row)))]),
    );
  }

  return {
    name: 'events',
    key: ['id'],
    rowsAtOnce: 2_000,
    count: () => countInClickHouse(place, `select count() as count from ${log} where ${EVENTS}`),
    async read(after, limit) {
      const [behind] = after ?? [];
      const rows = behind
        ? await engine.query<EventRow>(next, { after: behind, limit }, PATIENT)
        : await engine.query<EventRow>(first, { limit }, PATIENT);
      const last = rows.at(-1);
      if (!last) return undefined;
      const stories = await toldBy(rows);
      const carried = rows.map(({ metric, position: _, ...event }): CarriedFact => {
        return { ...event, metric: metric === '' ? null : metric, told: stories.get(event.id) ?? [] };
      });
      return { rows: carried.map((fact) => ({ ...fact })), end: [last.id] };
    },
    // As if they happened now: an event that is there already counts for nothing.
    async blocks(rows) {
      const { rows: counted } = await decide(rows.map((row) => factOf(row as unknown as CarriedFact)));
      return [{ table: LOG, placed: true, rows: counted }];
    },
  };
}

function statements(log: string) {
  const number = (id: string): string => `UUIDToNum({${id}:UUID})`;
  const from = (where: string): string => `
    select toString(event_id) as id, type, source, subject, time, metric, currency, amount, position
    from ${log} where ${EVENTS} and ${where} order by UUIDToNum(event_id) limit {limit:UInt32}`;
  return {
    first: from('true'),
    next: from(`UUIDToNum(event_id) > ${number('after')}`),
    // What an event told is in its block, between the event and the sums that the block moved.
    told: `select toString(event_id) as id, ${STORY_COLUMNS} from ${log}
      where what = 'told' and UUIDToNum(event_id) between ${number('first')} and ${number('last')}
        and position > {from:UInt64} and position < (
          select position from ${log} where what = 'total' and kind = '' and item_id = 0 and position > {to:UInt64}
          order by position limit 1)
      order by position`,
  };
}
