import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { openChdb } from '../src/platform/db/clickhouse/chdb.ts';
import type { ClickHouse } from '../src/platform/db/clickhouse/engine.ts';
import { migrateClickHouse } from '../src/platform/db/clickhouse/migrate.ts';
import { clickhouseSet } from '../src/platform/db/clickhouse/migration-set.ts';
import { processLocks } from '../src/platform/db/clickhouse/writers/locks.ts';
import { startPostgres, systemBinaries } from '../src/platform/db/postgres/embedded/embedded.ts';
import { migrate } from '../src/platform/db/postgres/migrate.ts';
import { migrationSet } from '../src/platform/db/postgres/migration-set.ts';
import { openDatabase } from '../src/platform/db/postgres/postgres.ts';
import { freePort } from '../src/testing/ports.ts';
import { median, print, row, whole } from './report.ts';

// A question that nobody has prepared an answer for, to the rows of the orders themselves: what was sold in a month, by
// day and category. The figures of `/stats/revenue` answer it from sums, in a few milliseconds on either store.

const PRODUCTS = 100;
const CATEGORIES = 8;
const MONTH = ['2026-06-01T00:00:00Z', '2026-07-01T00:00:00Z'];

/** The same question to both stores over so many orders of a year, two lines each. */
export async function measureRevenue(orders: number, rounds: number): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'tradepost-bench-revenue-'));
  print(`a month's revenue by day and category, asked of the rows of ${whole(orders)} orders`);
  const postgres = await inPostgres(join(root, 'postgres'), orders, rounds);
  const clickhouse = await inClickHouse(root, orders, rounds);
  rmSync(root, { recursive: true, force: true });
  if (postgres.sum !== clickhouse.sum || postgres.rows !== clickhouse.rows) {
    throw new Error(`the stores do not agree: ${JSON.stringify({ postgres, clickhouse })}`);
  }
  const both = (pick: (one: Answered) => number) => `${whole(pick(postgres))} | ${whole(pick(clickhouse))}`;
  const ratio = (postgres.ms / clickhouse.ms).toFixed(1);
  row('  answered in, PostgreSQL | ClickHouse', `${both((one) => one.ms)} ms   ${ratio} times as fast`);
  row('  disk for a million orders', `${both((one) => one.bytes / (orders / 1e6) / 1e6)} MB`);
  row('  filled in', `${both((one) => one.filledSeconds)} s`);
  print('');
}

interface Answered {
  readonly ms: number;
  readonly rows: number;
  readonly sum: number;
  readonly bytes: number;
  readonly filledSeconds: number;
}

async function timed(rounds: number, ask: () => Promise<{ revenue: string | number }[]>) {
  const times: number[] = [];
  let rows: { revenue: string | number }[] = [];
  for (let n = 0; n < rounds; n++) {
    const before = performance.now();
    rows = await ask();
    times.push(performance.now() - before);
  }
  return { ms: median(times), rows: rows.length, sum: rows.reduce((sum, { revenue }) => sum + Number(revenue), 0) };
}

async function inPostgres(dataDir: string, orders: number, rounds: number): Promise<Answered> {
  const binaries = systemBinaries();
  const settings = { shared_buffers: '256MB', max_wal_size: '4GB', work_mem: '64MB' };
  const server = await startPostgres({
    dataDir,
    binaries,
    port: await freePort(),
    password: 'only-for-the-bench',
    settings,
  });
  const db = openDatabase(server.url);
  await migrate(db, [migrationSet('order'), migrationSet('product')]);
  await db.close();
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  const before = performance.now();
  for (const statement of POSTGRES_FILL) await client.query(statement.replaceAll('$orders', String(orders)));
  const filledSeconds = (performance.now() - before) / 1_000;
  const answered = await timed(rounds, async () => (await client.query(POSTGRES_ASK, MONTH)).rows);
  const { rows } = await client.query(`select pg_total_relation_size('tradepost_order.orders')::float8 as bytes`);
  await client.end();
  await server.stop();
  return { ...answered, filledSeconds, bytes: rows[0].bytes };
}

async function inClickHouse(dataDir: string, orders: number, rounds: number): Promise<Answered> {
  const engine: ClickHouse = await openChdb({ dataDir, prefix: 'tradepost' });
  await migrateClickHouse(engine, processLocks(), [clickhouseSet(engine, 'order'), clickhouseSet(engine, 'product')]);
  const before = performance.now();
  for (const statement of CLICKHOUSE_FILL) {
    await engine.command(statement.replaceAll('$orders', String(orders)), {}, { seconds: 3_600 });
  }
  const filledSeconds = (performance.now() - before) / 1_000;
  const [from, to] = MONTH.map((time) => time.replace('Z', '.000'));
  const answered = await timed(rounds, () => engine.query(CLICKHOUSE_ASK, { from, to }, { seconds: 600 }));
  const [size] = await engine.query<{ bytes: number }>(
    `select sum(bytes_on_disk) as bytes from system.parts where active and database = 'tradepost_order' and table = 'orders'`,
  );
  await engine.close();
  return { ...answered, filledSeconds, bytes: size?.bytes ?? 0 };
}

// Order n was placed n/orders of the way through the year, for the products n and n * 7 of the hundred.
const POSTGRES_FILL = [
  'set synchronous_commit = off',
  `insert into tradepost_product.products
     (product_id, name, description, price, currency, category, for_sale, created_at, updated_at, version)
   select n, 'Bench ' || n, '', n * 100, 'USD', 'Category ' || n % ${CATEGORIES}, true, now(), now(), 1
   from generate_series(1, ${PRODUCTS}) n`,
  `insert into tradepost_order.orders (order_id, user_id, username, items, subtotal, tax, tax_rate, total, currency, status,
     payment_status, fulfillment_status, created_at, updated_at, version)
   select n, n % 10000, 'buyer-' || n % 10000, format(
       '[{"product_id":%s,"product_name":"Bench %s","description":"","quantity":1,"unit_price":%s,"total":%s},{"product_id":%s,"product_name":"Bench %s","description":"","quantity":2,"unit_price":%s,"total":%s}]',
       a, a, a * 100, a * 100, b, b, b * 100, b * 200)::json,
     a * 100 + b * 200, 0, '0', a * 100 + b * 200, 'USD', case when n % 20 = 0 then 'cancelled' else 'completed' end,
     'paid', 'delivered', at, at, 1
   from generate_series(1, $orders) n, lateral (select n % ${PRODUCTS} + 1 as a, n * 7 % ${PRODUCTS} + 1 as b,
     timestamptz '2026-01-01T00:00:00Z' + n * (interval '365 days' / $orders) as at) of`,
  'vacuum analyze tradepost_order.orders',
  'vacuum analyze tradepost_product.products',
];

const POSTGRES_ASK = `select date_trunc('day', o.created_at, 'UTC') as day, p.category,
    sum((line ->> 'total')::bigint) as revenue
  from tradepost_order.orders o, json_array_elements(o.items) line
    join tradepost_product.products p on p.product_id = (line ->> 'product_id')::bigint
  where o.created_at >= $1 and o.created_at < $2 and o.status <> 'cancelled'
  group by 1, 2 order by 1, 2`;

const LINE = (product: string, quantity: number): string =>
  `'{"product_id":', toString(${product}), ',"product_name":"Bench ', toString(${product}), '","description":"","quantity":${quantity},"unit_price":', toString(${product} * 100), ',"total":', toString(${product} * ${100 * quantity}), '}'`;

const CLICKHOUSE_FILL = [
  `create table tradepost_product.bench_category engine = MergeTree order by product_id as
   select number + 1 as product_id, concat('Category ', toString((number + 1) % ${CATEGORIES})) as category
   from numbers(${PRODUCTS})`,
  `insert into tradepost_order.orders (order_id, user_id, username, items, subtotal, tax, tax_rate, total, currency, status,
     payment_status, fulfillment_status, paid_total, refunded_total, shipment_status, created_at, updated_at, version,
     position, events)
   with number + 1 as n, n % ${PRODUCTS} + 1 as a, n * 7 % ${PRODUCTS} + 1 as b,
     addMicroseconds(toDateTime64('2026-01-01 00:00:00', 6, 'UTC'), n * intDiv(31536000 * 1000000, $orders)) as at
   select n, n % 10000, concat('buyer-', toString(n % 10000)),
     concat('[', ${LINE('a', 1)}, ',', ${LINE('b', 2)}, ']'),
     a * 100 + b * 200, 0, '0', a * 100 + b * 200, 'USD', if(n % 20 = 0, 'cancelled', 'completed'),
     'paid', 'delivered', a * 100 + b * 200, 0, 'delivered', at, at, 1, n, '[]'
   from numbers($orders)`,
];

const CLICKHOUSE_ASK = `select toDate(created_at) as day, category, sum(JSONExtractInt(line, 'total')) as revenue
  from (
    select created_at, status, items from tradepost_order.orders
    where created_at >= {from:DateTime64(3, 'UTC')} and created_at < {to:DateTime64(3, 'UTC')}
    order by order_id, version desc, position desc limit 1 by order_id)
  array join JSONExtractArrayRaw(items) as line
  join tradepost_product.bench_category p on p.product_id = JSONExtractUInt(line, 'product_id')
  where status != 'cancelled' group by 1, 2 order by 1, 2`;
