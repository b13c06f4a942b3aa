import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { systemBinaries } from '../src/platform/db/postgres/embedded/embedded.ts';

/**
 * The rival: the same work as the bare engine does it, one order at a time. Two statements an order, each its own
 * commit, as in the product: stock is checked and taken and the reservation kept; the order and its event are
 * written. No HTTP, no token, no validation, and constants where the product computes.
 */
const RESERVE = (product: string, order: string) => `
with line as (
  update tradepost_product.products set stock_quantity = stock_quantity - 1
  where product_id = ${product} and for_sale and stock_quantity >= 1
  returning product_id, name, description, price, currency),
kept as (
  insert into tradepost_product.reservations (order_id, items, expires_at)
  select ${order}, json_build_array(json_build_object('product_id', product_id, 'quantity', 1)), now() + interval '15 minutes'
  from line returning order_id)
select line.*, kept.order_id from line, kept`;

const ITEM = '{"product_id":50,"product_name":"Bench 50","description":"","quantity":1,"unit_price":5100,"total":5100}';
const EVENT =
  '{"order_id":50,"user_id":1,"subtotal":51.00,"tax":5.10,"total":56.10,"currency":"USD","status":"pending","payment_status":"not_paid","fulfillment_status":"not_fulfilled","created_at":"2026-11-21T09:19:33.585Z","updated_at":"2026-11-21T09:19:33.585Z","items":[{"product_id":50,"product_name":"Bench 50","quantity":1,"unit_price":51.00,"total":51.00,"description":""}],"username":"bench","tax_rate":"0.1"}';

const PLACE = (order: string, orderText: string) => `
with placed as (
  insert into tradepost_order.orders (order_id, user_id, username, items, subtotal, tax, tax_rate, total, currency, status,
    payment_status, fulfillment_status, created_at, updated_at, version)
  values (${order}, 1, 'bench', '[${ITEM}]', 5100, 510, '0.1', 5610, 'USD', 'pending', 'not_paid', 'not_fulfilled', now(), now(), 1))
insert into tradepost_order.bare_outbox (id, type, subject, data, time, trace, correlation)
values (gen_random_uuid(), 'order.created', ${orderText}, '${EVENT}', now(),
  '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'a383c0af-016c-4681-9b91-bec1e5444acf')`;

export interface BareOptions {
  readonly databaseUrl: string;
  readonly clients: number;
  readonly seconds: number;
  readonly products: { readonly first: number; readonly last: number };
}

/** The path of pgbench, when the system has one. */
export function pgbench(): string | undefined {
  const beside = join(dirname(systemBinaries()?.postgres ?? '/'), 'pgbench');
  return existsSync(beside) ? beside : undefined;
}

/** Orders a second of the bare engine: by pgbench with prepared statements, else through the driver. */
export async function bareOrders(options: BareOptions): Promise<number> {
  await ownOutbox(options.databaseUrl);
  const tool = pgbench();
  return tool ? byPgbench(tool, options) : byDriver(options);
}

// A table like the outbox, which no relay reads: the bare engine has nobody to tell, and must not be slowed by ours.
async function ownOutbox(connectionString: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  await client.query(
    'create table if not exists tradepost_order.bare_outbox (like tradepost_order.outbox including all)',
  );
  await client.end();
}

function byPgbench(tool: string, { databaseUrl, clients, seconds, products }: BareOptions): number {
  const dir = mkdtempSync(join(tmpdir(), 'tradepost-bare-'));
  const file = join(dir, 'bare.sql');
  const script = [
    `\\set product random(${products.first}, ${products.last})`,
    `${RESERVE(':product', "nextval('tradepost_order.order_ids')").replaceAll('\n', ' ')} \\gset`,
    `${PLACE(':order_id', ':order_id::text').replaceAll('\n', ' ')};`,
  ];
  writeFileSync(file, `${script.join('\n')}\n`);
  const run = spawnSync(
    tool,
    ['-n', '-M', 'prepared', '-c', String(clients), '-j', '2', '-T', String(seconds), '-f', file, databaseUrl],
    { encoding: 'utf8' },
  );
  rmSync(dir, { recursive: true, force: true });
  const rate = /tps = ([\d.]+)/.exec(run.stdout)?.[1];
  if (!rate) throw new Error(`pgbench said: ${run.stdout}${run.stderr}`);
  return Number(rate);
}

async function byDriver({ databaseUrl, clients, seconds, products }: BareOptions): Promise<number> {
  const reserve = { name: 'reserve', text: RESERVE('$1', "nextval('tradepost_order.order_ids')") };
  const place = { name: 'place', text: PLACE('$1', '$1::text') };
  const until = performance.now() + seconds * 1000;
  const counts = await Promise.all(
    Array.from({ length: clients }, async () => {
      const client = new pg.Client({ connectionString: databaseUrl });
      await client.connect();
      let count = 0;
      for (; performance.now() < until; count++) {
        const product = products.first + Math.floor(Math.random() * (products.last - products.first + 1));
        const { rows } = await client.query({ ...reserve, values: [product] });
        await client.query({ ...place, values: [rows[0].order_id] });
      }
      await client.end();
      return count;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0) / seconds;
}
