import type { ClickHouseStore } from '../../../platform/db/clickhouse/store/store.ts';
import { coalesce } from '../../../platform/db/coalesce.ts';
import type { TimelineRepository } from '../order.repository.ts';
import { type AnnouncedEvent, type TimelineEvent, timelineEventOf } from './order.timeline.model.ts';

/** What others announce may wait this long for company. */
const REST_MS = 50;

/** The most that is told of one order: a bound against one that is paid in a thousand parts. */
const MOST = 1_000;

type NewestRow = Pick<TimelineEvent, 'order_id' | 'event_id' | 'type' | 'at'>;
type Row = Omit<TimelineEvent, 'data'> & { readonly data: string };

/** The timelines of orders in ClickHouse: what orders announced is in their rows, what others did in `timeline`. */
export function timelineClickHouse({ database, engine, writer }: ClickHouseStore): TimelineRepository {
  const table = `${database}.timeline`;
  const into = writer('timeline');
  // Of an event that is there twice until the engine merges it, the first is the one that was known.
  const others = `select event_id, order_id, type, service, subject, at, actor, causation_id, correlation_id, data,
      min(position) over (partition by event_id) as nth
    from ${table} where order_id = {order_id:UInt64} order by nth limit 1 by event_id`;
  const own = `select position, events from ${database}.orders
    where order_id = {order_id:UInt64} and events != '[]' order by position limit 1 by position`;

  const newestOfOthers = `select event_id, order_id, type, at from ${table} where order_id in {ids:Array(UInt64)}
    order by at desc limit 1 by order_id`;
  const newestOfOwn = `select events from ${database}.orders
    where order_id in {ids:Array(UInt64)} and events != '[]' order by position desc limit 1 by order_id`;

  const add = coalesce<TimelineEvent, void>({
    name: 'order timeline',
    maxBatch: 512,
    restMs: REST_MS,
    run: async (events) => {
      const rows = events.map(({ data, ...event }) => ({ ...event, data: JSON.stringify(data) }));
      await into.write(async () => ({ rows, answer: undefined }));
      return events.map(() => undefined);
    },
  });

  return {
    add,
    async list(order_id) {
      const [told, rows] = await Promise.all([
        engine.query<Row>(others, { order_id }),
        engine.query<{ events: string }>(own, { order_id }),
      ]);
      const announced = rows.flatMap(({ events }) => ownEvents(events));
      const all = [...told.map((row) => ({ ...row, data: JSON.parse(row.data) })), ...announced];
      return all.map(fieldsOf).slice(-MOST);
    },
    async newest(order_ids) {
      if (order_ids.length === 0) return [];
      const ids = [...new Set(order_ids)];
      const [told, rows] = await Promise.all([
        engine.query<NewestRow>(newestOfOthers, { ids }),
        engine.query<{ events: string }>(newestOfOwn, { ids }),
      ]);
      const all: NewestRow[] = [...told, ...rows.flatMap(({ events }) => ownEvents(events))];
      const newest = new Map(all.sort((a, b) => Date.parse(a.at) - Date.parse(b.at)).map((one) => [one.order_id, one]));
      return [...newest.values()].map(({ order_id, event_id, type, at }) => ({ order_id, event_id, type, at }));
    },
  };
}

/** What an order announced with one of its versions, as its timeline has it. */
export function ownEvents(events: string): TimelineEvent[] {
  const announced = JSON.parse(events) as Omit<AnnouncedEvent, 'source'>[];
  return announced.flatMap((event) => timelineEventOf({ ...event, source: 'order' }) ?? []);
}

const fieldsOf = ({
  event_id,
  order_id,
  type,
  service,
  subject,
  at,
  actor,
  causation_id,
  correlation_id,
  data,
}: TimelineEvent) => ({
  event_id,
  order_id,
  type,
  service,
  subject,
  at,
  actor,
  causation_id,
  correlation_id,
  data,
});
