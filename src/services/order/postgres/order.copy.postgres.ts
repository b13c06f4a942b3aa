import type { PortableRow, PostgresLocation, PostgresTable } from '../../../platform/db/transfer/portable.ts';
import {
  countInPostgres,
  insertRows,
  plainTable,
  postgresPlatformTables,
} from '../../../platform/db/transfer/postgres/tables.ts';

/** What orders keep in PostgreSQL, in its portable form. */
export function orderCopyPostgres(place: PostgresLocation): readonly PostgresTable[] {
  return [
    plainTable(place, 'orders', ['order_id']),
    timelines(place),
    ...postgresPlatformTables(place, { orders: 'order_ids' }),
  ];
}

const COLUMNS = [
  { name: 'event_id', type: 'uuid' },
  { name: 'order_id', type: 'bigint' },
  { name: 'type', type: 'text' },
  { name: 'service', type: 'text' },
  { name: 'subject', type: 'text' },
  { name: 'at', type: 'timestamptz' },
  { name: 'actor', type: 'text' },
  { name: 'causation_id', type: 'uuid' },
  { name: 'correlation_id', type: 'text' },
  { name: 'data', type: 'json' },
];

/** The whole story of an order is a row; its events are in the order of their times, and then as they became known. */
function timelines({ db, schema }: PostgresLocation): PostgresTable {
  const table = `${schema}.timeline`;
  const ids = `select distinct order_id from ${table} where order_id > $1 order by order_id limit $2`;
  const events = `select ${COLUMNS.map(({ name }) => name).join(', ')} from ${table}
    where order_id = any($1) order by order_id, at, nth`;
  return {
    name: 'timelines',
    key: ['order_id'],
    rowsAtOnce: 1_000,
    count: () => countInPostgres(db, `select count(distinct order_id) as count from ${table}`),
    async read(after, limit) {
      const found = await db.query<{ order_id: number }>({ name: '', text: ids }, [after?.[0] ?? 0, limit]);
      const last = found.at(-1);
      if (!last) return undefined;
      const wanted = found.map(({ order_id }) => order_id);
      const told = await db.query<{ order_id: number }>({ name: '', text: events }, [wanted]);
      const byOrder = Map.groupBy(told, ({ order_id }) => order_id);
      const story = (order_id: number): PortableRow => ({
        order_id,
        events: byOrder.get(order_id)?.map(({ order_id: _, ...event }) => event) ?? [],
      });
      return { rows: wanted.map(story), end: [last.order_id] };
    },
    // In their order, in which the table counts them.
    async write(sql, rows) {
      const all = rows.flatMap(({ order_id, events }) => (events as object[]).map((event) => ({ ...event, order_id })));
      await insertRows(sql, table, COLUMNS, all);
    },
  };
}
