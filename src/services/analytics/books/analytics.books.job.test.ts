import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemCtx } from '../../../platform/contract/ctx.ts';
import { minor } from '../../../platform/contract/money.ts';
import type { Log } from '../../../platform/observability/log.ts';
import { registry } from '../../../platform/observability/metrics.ts';
import type { OrderInBooks } from '../../order/reconciliation/order.books.contract.ts';
import type { BookOwners } from './analytics.books.comparison.ts';
import { bookActions } from './analytics.books.ts';

const START = Date.parse('2026-11-18T12:00:00.000Z');
const LONG_AGO = '2026-11-01T00:00:00.000Z';
const at = (minutes: number) => systemCtx(new Date(START + minutes * 60_000).toISOString());

function anOrder(order_id: number): OrderInBooks {
  const statuses = { status: 'pending', payment_status: 'not_paid', fulfillment_status: 'not_fulfilled' } as const;
  const none = { paid_total: minor(0), refunded_total: minor(0), credited_total: minor(0) };
  const shipment = { shipment_status: 'pending', sent_again: 0 } as const;
  return {
    order_id,
    user_id: 1,
    total: minor(100),
    currency: 'USD',
    ...statuses,
    ...none,
    ...shipment,
    updated_at: LONG_AGO,
  };
}

/** Owners of orders 1 to `last`, what they were asked, and what was logged. */
function shopOf(last: number) {
  const orders = new Map(Array.from({ length: last }, (_, n) => [n + 1, anOrder(n + 1)] as const));
  const asked: string[] = [];
  const lines: string[] = [];
  const away = new Set<string>();
  const some = (order_ids: readonly number[]) => order_ids.flatMap((id) => orders.get(id) ?? []);
  const answer = <A>(name: string, value: A): Promise<A> => {
    asked.push(name);
    if (away.has(name)) return Promise.reject(new Error(`${name} are out of reach`));
    return Promise.resolve(value);
  };
  const none = { items: [] };
  const owners: BookOwners = {
    order: {
      inBooks(_ctx, { limit = 50, cursor }) {
        const ids = [...orders.keys()].reverse().filter((id) => cursor === undefined || id < Number(cursor));
        const next = ids.length > limit ? String(ids[limit - 1]) : undefined;
        return answer('orders', { items: some(ids.slice(0, limit)), next });
      },
      findInBooks: (_ctx, { order_ids }) => answer('orders', { items: some(order_ids) }),
      newestEvents: (_ctx, { order_ids }) =>
        answer('events', {
          items: order_ids.map((order_id) => ({ order_id, event_id: 'e', type: 'order.created', at: LONG_AGO })),
        }),
    },
    payment: {
      findReceivables: () => answer('receivables', none),
      receivables: () => answer('receivables', none),
    },
    invoice: { findByOrders: () => answer('invoices', none), list: () => answer('invoices', none) },
    delivery: {
      findByOrders: (_ctx, { order_ids }) =>
        answer('shipments', {
          items: some(order_ids).map(({ order_id }) => ({
            shipment_id: order_id,
            order_id,
            status: 'pending' as const,
            sent_again: 0,
            delivered_at: null,
            cancellation: null,
            shipping_address: null,
            updated_at: LONG_AGO,
          })),
        }),
      list: () => answer('shipments', none),
    },
    product: {
      stockFigures: () => answer('stock', none),
      findOrderUnits: () => answer('units', { items: [] }),
    },
  };
  const log = {
    error: (one: { order_id: number }, text: string) => void lines.push(`error ${one.order_id}: ${text}`),
    info: (one: { order_id: number }, text: string) => void lines.push(`info ${one.order_id}: ${text}`),
  } as unknown as Log;
  const books = bookActions({ owners, log });
  const setPaid = (order_id: number, payment_status: OrderInBooks['payment_status']) =>
    orders.set(order_id, { ...anOrder(order_id), payment_status });
  return { books, asked, lines, setPaid, away };
}

async function open(pair = 'order/receivable'): Promise<number> {
  const text = await registry.getSingleMetricAsString('tradepost_book_differences');
  const line = text.split('\n').find((one) => one.includes(`pair="${pair}"`));
  return Number(line?.split(' ').at(-1));
}

test('a run after nothing changed asks nobody, and one after an order changed asks each owner once', async () => {
  const { books, asked } = shopOf(3);
  await books.compareBooks(at(0));
  asked.length = 0;
  assert.deepEqual(await books.compareBooks(at(1)), { compared: 0, appeared: 0, mended: 0 });
  assert.deepEqual(asked, []);
  for (const about of ['order/2', 'order/3', 'order/2', 'order/x', undefined]) books.noteChange(about);
  assert.equal((await books.compareBooks(at(2))).compared, 2);
  assert.deepEqual(asked.sort(), ['invoices', 'orders', 'receivables', 'shipments', 'units']);
  asked.length = 0;
  await books.compareBooks(at(3));
  assert.deepEqual(asked, []);
});

test('a difference that stays for a minute is told once, and once more when it is gone; the metric follows', async () => {
  const { books, lines, setPaid } = shopOf(3);
  assert.equal(await open(), 0, 'from zero on');
  await books.compareBooks(at(0));
  setPaid(2, 'paid');
  books.noteChange('order/2');
  await books.compareBooks(at(1));
  assert.deepEqual([lines, await open()], [[], 0], 'it may be on its way');
  await books.compareBooks(at(2));
  await books.compareBooks(at(3));
  assert.deepEqual([lines, await open()], [['error 2: two books differ'], 1]);
  const { state } = await books.books(at(3), { limit: 1 });
  const [one] = state.open;
  assert.deepEqual([one?.order_id, one?.what, one?.event?.type], [2, 'payment_status', 'order.created']);
  assert.deepEqual([state.open_total, state.young, one?.first_seen], [1, 0, at(1).now]);
  setPaid(2, 'not_paid');
  await books.compareBooks(at(4));
  assert.deepEqual([lines.slice(1), await open()], [['info 2: two books that differed agree'], 0]);
});

test('a difference that is gone within the minute is never told', async () => {
  const { books, lines, setPaid } = shopOf(3);
  await books.compareBooks(at(0));
  setPaid(2, 'paid');
  books.noteChange('order/2');
  await books.compareBooks(at(1));
  setPaid(2, 'not_paid');
  await books.compareBooks(at(2));
  setPaid(2, 'paid');
  books.noteChange('order/2');
  await books.compareBooks(at(3));
  assert.deepEqual(lines, []);
});

test('a run is bounded, and the round goes on where it was; the next finds what no event tells of', async () => {
  const { books, lines, setPaid } = shopOf(4_500);
  const compared = [];
  for (const minute of [0, 1, 2, 3]) compared.push((await books.compareBooks(at(minute))).compared);
  assert.deepEqual(compared, [2_000, 2_000, 500, 0]);
  setPaid(9, 'paid');
  for (const minute of [58, 59]) await books.compareBooks(at(minute));
  assert.deepEqual(lines, []);
  for (const minute of [60, 61, 62, 63]) await books.compareBooks(at(minute));
  assert.deepEqual(lines, ['error 9: two books differ']);
});

test('what could not be compared, as an owner is away, is compared in the next run', async () => {
  const { books, setPaid, away } = shopOf(3);
  await books.compareBooks(at(0));
  setPaid(2, 'paid');
  books.noteChange('order/2');
  away.add('invoices');
  await assert.rejects(books.compareBooks(at(1)), /invoices/);
  away.clear();
  assert.equal((await books.compareBooks(at(2))).compared, 1);
});
