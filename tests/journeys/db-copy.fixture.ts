import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestClient } from '../../src/testing/client.ts';
import { settle } from '../../src/testing/settle.ts';
import { rowsOf } from './shop.fixture.ts';

/** What a client keeps of its sign-in. */
export interface SignedIn {
  readonly token: string;
  readonly refresh_token: string;
}

/** What is known of the shop, wherever it is. */
export interface Known {
  admin: TestClient;
  alice: TestClient;
  crate: number;
  keyed: { readonly key: string; readonly order_id: number };
  /** Of sessions nobody has used yet, and of some whose first token was used up. */
  fresh: SignedIn[];
  rotated: { readonly first: string; readonly second: string }[];
}

/** The services that move. What payment and delivery keep stays, and so does the bus, which knows what was heard. */
export const MOVED = ['user', 'product', 'order', 'invoice', 'analytics'];

const dayIn = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
const ALL_TIME = `from=${dayIn(-300)}&to=${dayIn(30)}`;

/** What there is of figures, but for the check of them. */
const FIGURES = [
  '/stats',
  ...['orders', 'revenue', 'transactions', 'payments', 'users'].map(
    (metric) => `/stats/timeseries?metric=${metric}&interval=month&${ALL_TIME}`,
  ),
  `/stats/top-products?by=revenue&${ALL_TIME}`,
  `/stats/revenue?${ALL_TIME}`,
];

interface Checked {
  readonly agrees: boolean;
  readonly comparisons: readonly { readonly on_their_way: number }[];
}

/** Everything of it that can be seen from outside, but for which session asks. */
export async function everythingSeen({ admin, alice }: Known): Promise<unknown> {
  const seen: Record<string, unknown> = {};
  const look = async (client: TestClient, path: string): Promise<unknown> => {
    const { status, body } = await client.get<unknown>(path);
    assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`);
    seen[path] = body;
    return body;
  };
  for (const list of ['users?', 'invoices?all=true&', 'products?', 'dead-letters/order?']) {
    assert.notDeepEqual(await look(admin, `/${list}limit=200`), [], list);
  }
  const orders = (await look(admin, '/orders?all=true&limit=200')) as { order_id: number }[];
  assert.ok(orders.length >= 6);
  for (const { order_id } of orders) await look(admin, `/orders/${order_id}/timeline`);
  for (const path of FIGURES) assert.notDeepEqual(await look(admin, path), [], path);
  const { agrees, comparisons } = (await look(admin, '/stats/check')) as Checked;
  assert.ok(agrees && comparisons.every((one) => one.on_their_way === 0), 'what was counted is what the owners have');
  for (const path of ['/auth/jwks', '/users/me', '/users/me/sessions']) await look(alice, path);
  return seen;
}

/** Waits until what follows by event has followed. */
export async function settled(known: Known): Promise<void> {
  let before: unknown;
  await settle(async () => {
    const last = before;
    await delay(500);
    before = await everythingSeen(known);
    assert.deepEqual(before, last);
  });
}

/** Every row of the services that move, and how far their ids have come: all but what is said to stay behind. */
export async function everyTable(url: string): Promise<Record<string, unknown>> {
  const mine = `~ '^tradepost_(${MOVED.join('|')})$'`;
  // Figures are made anew from the events, and say the same in other rows.
  const made = `('tradepost_analytics.stories', 'tradepost_analytics.figures', 'tradepost_analytics.sold')`;
  const tables = await rowsOf<{ name: string }>(
    url,
    `select table_schema || '.' || table_name as name from information_schema.tables
      where table_schema ${mine} and table_type = 'BASE TABLE'
        and table_schema || '.' || table_name not in ${made} and table_name <> 'id_returned' order by 1`,
  );
  const all: Record<string, unknown> = {};
  for (const { name } of tables) {
    // When a reservation was made, and the place of an event among those of other orders, mean nothing.
    const row = `to_jsonb(t) - '${name.endsWith('.timeline') ? 'nth' : name.endsWith('.reservations') ? 'created_at' : ''}'`;
    all[name] = (await rowsOf(url, `select ${row} as row from ${name} t order by (${row})::text collate "C"`)).map(
      (one) => (one as { row: unknown }).row,
    );
  }
  const series = `select schemaname || '.' || sequencename as name, last_value as last from pg_sequences
    where schemaname ${mine} and sequencename !~ '^(outbox_position|timeline_nth)_seq$' order by 1`;
  return { ...all, series: await rowsOf(url, series) };
}
