import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuid } from 'uuid';
import type { Envelope } from '../src/platform/contract/events.ts';
import { openChdb } from '../src/platform/db/clickhouse/chdb.ts';
import { logStore } from '../src/platform/db/postgres/event-log.ts';
import { openDatabase } from '../src/platform/db/postgres/postgres.ts';
import { print, row, whole } from './report.ts';
import { startBench, startProduct } from './server.ts';
import { register } from './shop.ts';

const ORDERS = 50_000;
const EVENTS = ORDERS * 2;
const AT_ONCE = 2_000;

interface Ingested {
  readonly perSecond: number;
  /** Of what analytics keeps, for a million events. */
  readonly bytes: number;
}

/** How fast analytics counts what lies in the log, from the bus to the figures, and what it then weighs. */
export async function measureIngest(): Promise<void> {
  print(`analytics counts ${whole(EVENTS)} events that lie in the log of the bus`);
  const postgres = await ingest({});
  const clickhouse = await ingest({ ANALYTICS_DB_DRIVER: 'clickhouse' });
  const ratio = (clickhouse.perSecond / postgres.perSecond).toFixed(2);
  row(
    '  events/s, PostgreSQL | ClickHouse',
    `${whole(postgres.perSecond)} | ${whole(clickhouse.perSecond)}   ${ratio} of PostgreSQL`,
  );
  row('  disk for a million events', `${whole(postgres.bytes / 1e6)} | ${whole(clickhouse.bytes / 1e6)} MB`);
  print('');
}

async function ingest(env: Record<string, string>): Promise<Ingested> {
  const bench = await startBench({ SERVICES: 'user,gateway' });
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-bench-ingest-'));
  const { token } = await register(bench.url, 'bench');
  const db = openDatabase(bench.databaseUrl);
  await fillLog(logStore(db));
  const settings = { SERVICES: 'user,analytics,gateway', DB_DRIVER: 'postgres', DATABASE_URL: bench.databaseUrl };
  const product = await startProduct({ ...settings, DATA_DIR: dataDir, ...env });
  const began = performance.now();
  await counted(product.url, token);
  const seconds = (performance.now() - began) / 1_000;
  await product.stop();
  const bytes = env.ANALYTICS_DB_DRIVER ? await bytesInClickHouse(dataDir) : await bytesInPostgres(db);
  await db.close();
  await bench.close();
  rmSync(dataDir, { recursive: true, force: true });
  return { perSecond: EVENTS / seconds, bytes: bytes / (EVENTS / 1e6) };
}

async function fillLog(log: ReturnType<typeof logStore>): Promise<void> {
  for (let first = 1; first <= ORDERS; first += AT_ONCE) {
    const ids = Array.from({ length: Math.min(AT_ONCE, ORDERS - first + 1) }, (_, n) => first + n);
    await log.append(ids.flatMap((id) => [placed(id), confirmed(id)]));
  }
}

const START = Date.parse('2026-01-01T00:00:00Z');
const timeOf = (id: number): string => new Date(START + id * 600_000).toISOString();

function envelope(type: string, id: number, data: object): Envelope {
  return {
    id: uuid(),
    source: 'order',
    type,
    subject: String(id),
    time: timeOf(id),
    trace: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    correlation: uuid(),
    actor: 'user/1/bench',
    about: `order/${id}`,
    data: JSON.stringify(data),
  };
}

const AXES = { payment_status: 'not_paid', fulfillment_status: 'not_fulfilled' };

function placed(order_id: number): Envelope {
  const product_id = (order_id % 100) + 1;
  const line = {
    product_id,
    product_name: `Bench ${product_id}`,
    description: '',
    quantity: 1,
    unit_price: 51,
    total: 51,
  };
  const money = { subtotal: 51, tax: 5.1, tax_rate: '0.1', total: 56.1, currency: 'USD' };
  const times = { created_at: timeOf(order_id), updated_at: timeOf(order_id) };
  const order = {
    order_id,
    user_id: 1,
    username: 'bench',
    items: [line],
    status: 'pending',
    ...money,
    ...AXES,
    ...times,
  };
  return envelope('order.created', order_id, order);
}

const confirmed = (order_id: number): Envelope =>
  envelope('order.status_changed', order_id, { order_id, status: 'confirmed', ...AXES });

async function counted(url: string, token: string): Promise<void> {
  for (;;) {
    const answer = await fetch(`${url}/stats`, { headers: { authorization: `Bearer ${token}` } });
    if (answer.status !== 200) throw new Error(await answer.text());
    const { events_processed } = (await answer.json()) as { events_processed: number };
    if (events_processed >= EVENTS) return;
    await sleep(50);
  }
}

async function bytesInPostgres(db: ReturnType<typeof openDatabase>): Promise<number> {
  const text = `select sum(pg_total_relation_size(c.oid))::float8 as bytes from pg_class c
    where c.relnamespace = 'tradepost_analytics'::regnamespace and c.relkind = 'r'`;
  const [row] = await db.query<{ bytes: number }>({ name: '', text });
  return row?.bytes ?? 0;
}

async function bytesInClickHouse(dataDir: string): Promise<number> {
  const engine = await openChdb({ dataDir, prefix: 'tradepost' });
  const text = `select sum(bytes_on_disk) as bytes from system.parts where active and database = 'tradepost_analytics'`;
  const [row] = await engine.query<{ bytes: number }>(text);
  await engine.close();
  return row?.bytes ?? 0;
}
