import { coalesce } from '../../../platform/db/coalesce.ts';
import { rowFaultInPostgres } from '../../../platform/db/postgres/postgres.ts';
import type { Journal } from '../../../platform/db/postgres/store/save.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { TimelineRepository } from '../order.repository.ts';
import { type TimelineEvent, timelineEventOf } from './order.timeline.model.ts';

const COLUMNS = {
  event_id: 'uuid',
  order_id: 'bigint',
  type: 'text',
  service: 'text',
  subject: 'text',
  at: 'timestamptz',
  actor: 'text',
  causation_id: 'uuid',
  correlation_id: 'text',
  data: 'json',
};

/** What others announce may wait this long for company. */
const REST_MS = 10;

/** The most that is told of one order: a bound against one that is paid in a thousand parts. */
const MOST = 1_000;

/**
 * What orders announce is recorded by the statement that announces it: whoever has placed an order sees so at once,
 * while its event is on its way. What others announce comes by event.
 */
export const timelineJournal: Journal = {
  table: 'timeline',
  key: 'event_id',
  payload: 'data',
  columns: COLUMNS,
  rowOf: timelineEventOf,
};

/** The timelines of orders in PostgreSQL. Events that come at the same moment are kept by one statement. */
export function timelinePostgres({ schema, db }: PostgresStore): TimelineRepository {
  const names = Object.keys(COLUMNS).join(', ');
  const typed = Object.entries(COLUMNS).map(([name, type]) => `${name} ${type}`);
  // In the order of their ids, so that no two statements wait for each other's in a circle.
  const insert = {
    name: `${schema} timeline add`,
    text: `insert into ${schema}.timeline (${names})
      select ${names} from json_to_recordset($1::json) as e(${typed.join(', ')}) order by event_id
      on conflict (event_id) do nothing`,
  };
  const select = {
    name: `${schema} timeline list`,
    text: `select ${names} from (
        select * from ${schema}.timeline where order_id = $1 order by at desc, nth desc limit ${MOST}) latest
      order by nth`,
  };
  const newest = {
    name: `${schema} timeline newest`,
    text: `select o.order_id, t.* from unnest($1::bigint[]) as o(order_id), lateral (
        select event_id, type, at from ${schema}.timeline t where t.order_id = o.order_id
        order by at desc, nth desc limit 1) t`,
  };
  const add = coalesce<TimelineEvent, void>({
    name: 'order timeline',
    restMs: REST_MS,
    run: async (events) => {
      await db.query(insert, [JSON.stringify(events)]);
      return events.map(() => undefined);
    },
    faultOfOneRow: rowFaultInPostgres,
  });
  return {
    add,
    list: (order_id) => db.query<TimelineEvent>(select, [order_id]),
    newest: (order_ids) => db.query(newest, [[...new Set(order_ids)]]),
  };
}
