import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maySee } from '../../platform/contract/actor.ts';
import type { Actor, Ctx } from '../../platform/contract/contract.ts';
import type { InvoiceStatus } from './invoice.contract.ts';
import { anOrder } from './invoice.fixture.ts';
import { buyerOf, createInvoice, currentInvoice, type InvoiceState, publicInvoice } from './invoice.model.ts';

const ctx: Ctx = { actor: { kind: 'system' }, now: '2026-12-20T09:30:00.000Z', trace: '', requestId: 'r' };
const buyer = { name: 'Alice Example', lines: ['2 Example Road'] };

function anInvoice(status: InvoiceStatus = 'draft'): InvoiceState {
  const { next } = createInvoice(anOrder(), { invoice_id: 7, buyer, time_zone: 'UTC' }, ctx);
  return { ...next, invoice_number: 'INV-2026-000007', status, version: 1 };
}

test('an invoice takes the lines and the totals of its order as they are', () => {
  const order = anOrder();
  const { next } = createInvoice(order, { invoice_id: 7, buyer, time_zone: 'UTC' }, ctx);
  assert.deepEqual(next.items, [
    {
      product_id: 1,
      product_name: 'Laptop',
      description: '14-inch display',
      quantity: 2,
      unit_price: 129_999,
      total_price: 259_998,
    },
  ]);
  assert.deepEqual([next.subtotal, next.tax, next.total], [259_998, 26_000, 285_998]);
  assert.deepEqual([next.currency, next.tax_rate, next.username, next.buyer], ['USD', '0.1', 'alice', buyer]);
});

test('an invoice starts as a draft and is due in 30 days, also across the end of a year', () => {
  const invoice = anInvoice();
  assert.equal(invoice.status, 'draft');
  assert.equal(invoice.created_at, '2026-12-20T09:30:00.000Z');
  assert.equal(invoice.due_date, '2027-01-19T09:30:00.000Z');
});

test('of the invoices of an order the living one counts, else the newest', () => {
  const one = (invoice_id: number, status: InvoiceStatus, created_at: string) => ({
    ...anInvoice(status),
    invoice_id,
    created_at,
  });
  const [old, later] = ['2026-12-20T09:30:00.000Z', '2026-12-21T09:30:00.000Z'];
  const idOf = (...all: InvoiceState[]) => currentInvoice(all)?.invoice_id;
  assert.equal(idOf(one(1, 'cancelled', later), one(2, 'sent', old)), 2);
  assert.equal(idOf(one(3, 'cancelled', old), one(1, 'cancelled', later)), 1);
  assert.equal(idOf(one(3, 'cancelled', old), one(4, 'cancelled', old)), 4);
  assert.equal(idOf(), undefined);
});

test('a new invoice announces itself, whole, and without what is not for the world', () => {
  const { next, events } = createInvoice(anOrder(), { invoice_id: 7, buyer, time_zone: 'UTC' }, ctx);
  const about = 'order/17';
  const { paid_total, refunded_total, credited_total, open, ...made } = publicInvoice(next);
  assert.deepEqual(events, [{ type: 'invoice.created', subject: '7', data: made, about }]);
  assert.deepEqual([paid_total, refunded_total, credited_total, open], [0, 0, 0, 285_998]);
  assert.deepEqual(
    ['tax_rate', 'buyer', 'version'].filter((name) => name in publicInvoice(next)),
    [],
  );
});

test('a cancelled order is not invoiced', () => {
  const order = anOrder({ status: 'cancelled' });
  assert.throws(() => createInvoice(order, { invoice_id: 7, buyer, time_zone: 'UTC' }, ctx), {
    code: 'INVOICE_ORDER_CANCELLED',
  });
});

test('the buyer is addressed as the profile says, and by username when it says nothing', () => {
  const address = { line1: '2 Example Road', postal_code: '10000', city: 'Example Town', country: 'DE' };
  assert.deepEqual(buyerOf('alice', { display_name: 'Alice Example', address }), {
    name: 'Alice Example',
    lines: ['2 Example Road', '10000 Example Town', 'DE'],
  });
  assert.deepEqual(buyerOf('alice', { display_name: null, address: null }), { name: 'alice', lines: [] });
  assert.deepEqual(buyerOf('alice', undefined), { name: 'alice', lines: [] });
});

test('an invoice is seen by its buyer, by staff and by the platform', () => {
  const user = (id: number, role: 'customer' | 'staff' | 'admin'): Actor => ({ kind: 'user', id, username: 'u', role });
  const sees = (actor: Actor) => maySee(actor, { user_id: 2 });
  assert.deepEqual([user(2, 'customer'), user(9, 'staff'), user(9, 'admin'), ctx.actor].map(sees), Array(4).fill(true));
  assert.deepEqual([user(3, 'customer'), { kind: 'anonymous' } as const].map(sees), [false, false]);
});
