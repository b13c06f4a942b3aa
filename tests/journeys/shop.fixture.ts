import { setTimeout as delay } from 'node:timers/promises';
import { openDatabase } from '../../src/platform/db/postgres/postgres.ts';
import type { TestClient } from '../../src/testing/client.ts';

/** An order as a client gets it. */
export interface Order {
  readonly order_id: number;
  readonly user_id: number;
  readonly items: readonly OrderLine[];
  readonly subtotal: number;
  readonly tax: number;
  readonly total: number;
  readonly status: string;
  readonly created_at: string;
  readonly updated_at: string;
}

interface OrderLine {
  readonly product_id: number;
  readonly quantity: number;
  readonly unit_price: number;
  readonly total: number;
}

/** A product as a client gets it. */
export interface Product {
  readonly product_id: number;
  readonly name: string;
  readonly price: number;
  readonly in_stock: boolean;
  readonly stock_quantity: number | null;
}

/** The samples of an empty catalogue, by what they are. */
export const LAPTOP = 1;
export const MOUSE = 2;
export const KEYBOARD = 3;
export const LAMP = 5;

/** Does something as often as `count` says, all at once. */
export function times<T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => make(index)));
}

/** How many answers had which status. */
export function tally(answers: readonly { readonly status: number }[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Asks a database directly: what was really written. */
export async function rowsOf<Row extends object>(
  url: string,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const db = openDatabase(url, { poolSize: 1 });
  try {
    return await db.query<Row>({ name: '', text }, values);
  } finally {
    await db.close();
  }
}

/** What every table of the product holds, as a fingerprint each: two are equal when no row has changed. How far the
 * readers of the log have come moves by itself. */
export async function everyRow(url: string): Promise<Record<string, string>> {
  const tables = await rowsOf<{ name: string }>(
    url,
    `select table_schema || '.' || table_name as name from information_schema.tables
     where table_schema like 'tradepost%' and table_type = 'BASE TABLE'
       and (table_schema, table_name) <> ('tradepost_bus', 'reader') order by 1`,
  );
  const printOf = ({ name }: { name: string }) =>
    `select '${name}' as name, count(*) || ' ' || md5(coalesce(string_agg(t::text, '' order by t::text), '')) as print from ${name} t`;
  const prints = await rowsOf<{ name: string; print: string }>(url, tables.map(printOf).join(' union all '));
  return Object.fromEntries(prints.map(({ name, print }) => [name, print]));
}

/** A product of its own for a test, with this many units. */
export async function stocked(admin: TestClient, units: number, price = 10): Promise<number> {
  const { body } = await admin.post('/products', { name: 'Crate', price, category: 'Test', stock_quantity: units });
  return body.product_id;
}

/** How many units of a product may still be sold. */
export async function left(client: TestClient, product_id: number): Promise<number | null> {
  return (await client.get<Product>(`/products/${product_id}`)).body.stock_quantity;
}

/** `everyRow`, once nothing moves by itself any more: what has begun before is known everywhere by then. */
export async function everyRowAtRest(url: string): Promise<Record<string, string>> {
  for (let before = await everyRow(url); ; ) {
    await delay(400);
    const now = await everyRow(url);
    if (JSON.stringify(now) === JSON.stringify(before)) return now;
    before = now;
  }
}
