import { jsonColumns } from '../../../platform/db/columns.ts';
import {
  clickhousePlatformTables,
  countInClickHouse,
  PATIENT,
  statesTable,
} from '../../../platform/db/transfer/clickhouse/tables.ts';
import type { ClickHouseLocation, ClickHouseTable, PortableRow } from '../../../platform/db/transfer/portable.ts';
import { ORDER_COLUMNS } from '../order.columns.ts';
import { ownEvents } from '../timeline/order.timeline.clickhouse.ts';

const ORDERS = { table: 'orders', key: 'order_id', json: jsonColumns(ORDER_COLUMNS) };

/** What orders keep in ClickHouse, in its portable form. */
export function orderCopyClickHouse(place: ClickHouseLocation): readonly ClickHouseTable[] {
  return [statesTable(place, ORDERS), timelines(place), ...clickhousePlatformTables(place, ORDERS)];
}

interface Told {
  readonly order_id: number;
  readonly event_id: string;
  readonly at: string;
}

/** The whole story of an order is a row: what others did is in `timeline`, what it announced itself in its own rows. */
function timelines(place: ClickHouseLocation): ClickHouseTable {
  const { engine, database } = place;
  const ids = `(select order_id from ${database}.timeline where order_id > {after:UInt64} union distinct
    select order_id from ${database}.orders where order_id > {after:UInt64} and position(events, '"about":') > 0)`;
  const others = `select event_id, order_id, type, service, subject, at, actor, causation_id, correlation_id, data,
      min(position) over (partition by event_id) as nth
    from ${database}.timeline where order_id in {ids:Array(UInt64)} order by nth limit 1 by event_id`;
  const own = `select position, events from ${database}.orders
    where order_id in {ids:Array(UInt64)} and events != '[]' order by position limit 1 by position`;

  return {
    name: 'timelines',
    key: ['order_id'],
    rowsAtOnce: 1_000,
    count: () => countInClickHouse(place, `select count() as count from ${ids.replaceAll('{after:UInt64}', '0')}`),
    async read(after, limit) {
      const text = `select order_id from ${ids} order by order_id limit {limit:UInt32}`;
      const found = await engine.query<{ order_id: number }>(text, { after: after?.[0] ?? 0, limit }, PATIENT);
      const last = found.at(-1);
      if (!last) return undefined;
      const params = { ids: found.map(({ order_id }) => order_id) };
      const [told, announced] = await Promise.all([
        engine.query<Told & { nth: number; data: string }>(others, params, PATIENT),
        engine.query<{ events: string }>(own, params, PATIENT),
      ]);
      const all = [
        ...told.map(({ nth: _, data, ...event }) => ({ ...event, data: JSON.parse(data) })),
        ...announced.flatMap(({ events }) => ownEvents(events)),
      ];
      return { rows: storiesOf(params.ids, all), end: [last.order_id] };
    },
    blocks: (rows) => [{ table: 'timeline', placed: true, rows: rows.flatMap(tellings) }],
  };
}

function tellings({ order_id, events }: PortableRow): object[] {
  return (events as { data: unknown }[]).map((event) => ({ ...event, order_id, data: JSON.stringify(event.data) }));
}

/** Events are told in the order of their times, those of one moment as they became known. */
function storiesOf(ids: readonly number[], events: readonly Told[]): PortableRow[] {
  const byOrder = Map.groupBy(events, ({ order_id }) => order_id);
  return ids.map((order_id) => {
    const once = new Map((byOrder.get(order_id) ?? []).toReversed().map((event) => [event.event_id, event]));
    const inOrder = [...once.values()].toReversed().sort((a, b) => (a.at < b.at ? -1 : Number(a.at > b.at)));
    return { order_id, events: inOrder.map(({ order_id: _, ...event }) => event) };
  });
}
