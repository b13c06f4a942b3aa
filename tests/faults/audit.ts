import { openDatabase } from '../../src/platform/db/postgres/postgres.ts';
import { settle } from '../../src/testing/settle.ts';
import type { Buyers } from './buyers.ts';
import type { Shop } from './shop.ts';

/** What the books say when everything has come to rest. */
export interface Audit {
  readonly orders: number;
  /** Events that the orders caused, each once. */
  readonly events: number;
  /** Milliseconds until nothing was under way any more. */
  readonly drainedAfter: number;
}

interface Books {
  readonly waiting: number;
  readonly dead: number;
  readonly orders: number;
  readonly shipments: number;
  readonly unpaid: number;
  readonly unconfirmed: number;
  readonly events: number;
  readonly strange_timelines: number;
  readonly disorder: number;
  readonly paid: string;
  readonly invoiced: string;
  readonly ledger: string;
}

const TIMEOUT_MS = 180_000;

/** Waits until the backlog is drained, and compares every book with every other. Throws what does not agree. */
export async function audit(databaseUrl: string, shop: Shop, buyers: Buyers): Promise<Audit> {
  const db = openDatabase(databaseUrl, { poolSize: 2 });
  const read = async (): Promise<Books> => (await db.query<Books>({ name: '', text: BOOKS }))[0] as Books;
  const began = Date.now();
  try {
    const books = await settle(async () => {
      const now = await read();
      const { waiting, dead, orders, shipments, unpaid, unconfirmed, strange_timelines, disorder } = now;
      expect(
        { waiting, dead, shipments, unpaid, unconfirmed, strange_timelines, disorder },
        {
          waiting: 0,
          dead: 0,
          shipments: orders,
          unpaid: 0,
          unconfirmed: 0,
          strange_timelines: 0,
          disorder: 0,
        },
      );
      return now;
    }, TIMEOUT_MS);
    const drainedAfter = Date.now() - began;
    await settle(() => compareFigures(shop, buyers.admin, books), TIMEOUT_MS);
    await compareJournal(db, buyers);
    return { orders: books.orders, events: books.events, drainedAfter };
  } finally {
    await db.close();
  }
}

function expect(seen: object, wanted: object): void {
  const [a, b] = [JSON.stringify(seen), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`the books say ${a}, which should be ${b}`);
}

async function compareFigures(shop: Shop, admin: string, books: Books): Promise<void> {
  const get = async (path: string): Promise<Record<string, unknown>> => {
    const response = await fetch((await shop.url()) + path, { headers: { authorization: `Bearer ${admin}` } });
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  };
  const stats = await get('/stats');
  const cents = Math.round(Number(stats.total_paid_amount) * 100);
  expect(
    { paid: books.paid, invoiced: books.invoiced, ledger: books.ledger, stats: String(cents) },
    { paid: books.paid, invoiced: books.paid, ledger: books.paid, stats: books.paid },
  );
  expect({ orders: (stats.orders as { total: number }).total }, { orders: books.orders });
  expect({ ledger: (await get('/ledger/check')).ok }, { ledger: true });
  const check = await get('/stats/check');
  if (check.agrees !== true) throw new Error(`the figures differ: ${JSON.stringify(check)}`);
}

/** Everything that a buyer was told is there. */
async function compareJournal(db: ReturnType<typeof openDatabase>, { journal }: Buyers): Promise<void> {
  const missing = async (name: string, text: string, ids: Set<number>): Promise<void> => {
    const rows = await db.query<{ id: number }>({ name: '', text }, [[...ids]]);
    if (rows.length > 0)
      throw new Error(`${name} that were confirmed are gone: ${rows.map(({ id }) => id).join(', ')}`);
  };
  const not = (table: string, key: string, and = 'true') =>
    `select id from unnest($1::bigint[]) id where not exists (select from ${table} t where t.${key} = id and ${and})`;
  await missing('orders', not('tradepost_order.orders', 'order_id'), journal.orders);
  await missing('invoices', not('tradepost_invoice.invoices', 'invoice_id', `status = 'paid'`), journal.invoices);
  await missing('payments', not('tradepost_payment.transactions', 'transaction_id', `status = 'paid'`), journal.paid);
}

const SERVICES = ['user', 'product', 'order', 'invoice', 'delivery', 'payment', 'analytics', 'webhook'];
const sumOver = (table: string) =>
  SERVICES.map((service) => `(select count(*) from tradepost_${service}.${table})`).join(' + ');

/** What each order of these buyers must have caused, and how often: nothing is lost, and nothing done twice. */
const STORY = {
  'order.created': 1,
  'shipment.created': 1,
  'invoice.created': 1,
  'transaction.created': 1,
  'payment.captured': 1,
  'invoice.status_changed': 2,
};
const told = Object.entries(STORY)
  .map(([type, times]) => `count(*) filter (where t.type = '${type}') <> ${times}`)
  .join(' or ');

const BOOKS = `select
  ${sumOver('outbox')} as waiting,
  ${sumOver('dead_letter')} as dead,
  (select count(*) from tradepost_order.orders) as orders,
  (select count(*) from tradepost_delivery.shipments) as shipments,
  (select count(*) from tradepost_order.orders where payment_status <> 'paid') as unpaid,
  (select count(*) from tradepost_order.orders where status <> 'confirmed') as unconfirmed,
  (select count(*) from tradepost_order.timeline) as events,
  (select count(*) from (
    select o.order_id from tradepost_order.orders o left join tradepost_order.timeline t using (order_id)
    group by o.order_id having ${told}) s) as strange_timelines,
  -- What was heard of one subject, in the order in which it was heard, never goes back in time. The subject of
  -- transaction.paid is a user.
  (select count(*) from (
    select at, lag(at) over (partition by service, subject, type = 'transaction.paid' order by nth) as before from tradepost_order.timeline) t
    where at < before) as disorder,
  (select coalesce(sum(amount), 0)::text from tradepost_payment.transactions where status = 'paid') as paid,
  (select coalesce(sum(total), 0)::text from tradepost_invoice.invoices where status = 'paid') as invoiced,
  (select coalesce(sum(amount), 0)::text from tradepost_payment.entries where kind = 'payment') as ledger`;
