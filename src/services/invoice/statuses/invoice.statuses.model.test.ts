import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Change, type Ctx, unchanged } from '../../../platform/contract/contract.ts';
import { minor } from '../../../platform/contract/money.ts';
import type { InvoiceStatus } from '../invoice.contract.ts';
import { anOrder } from '../invoice.fixture.ts';
import { createInvoice, type InvoiceState, openOf, publicInvoice } from '../invoice.model.ts';
import { cancelInvoice, followMoney, mustBecome, payIfNothingIsOwed, sendInvoice } from './invoice.statuses.model.ts';

const ctx: Ctx = { actor: { kind: 'system' }, now: '2026-12-20T09:30:00.000Z', trace: '', requestId: 'r' };
const facts = { invoice_id: 7, buyer: { name: 'Alice Example', lines: [] }, time_zone: 'UTC' };
const TOTAL = 285_998;

function totals(paid: number, refunded = 0, credited = refunded) {
  return { paid_total: minor(paid), refunded_total: minor(refunded), credited_total: minor(credited) };
}

function anInvoice(status: InvoiceStatus = 'draft', more: Partial<InvoiceState> = {}): InvoiceState {
  const { next } = createInvoice(anOrder(), facts, ctx);
  const money = status === 'paid' ? totals(TOTAL) : {};
  return { ...next, invoice_number: 'INV-2026-000007', status, version: 1, ...money, ...more };
}

const steps = ({ events }: Change<InvoiceState>) =>
  events.map(({ type, data }) => {
    const { from, to } = data as { from?: string; to?: string };
    return type === 'invoice.balance_changed' ? 'balance' : `${from} ${to}`;
  });

const STATUSES: InvoiceStatus[] = ['draft', 'sent', 'paid', 'cancelled'];
const ASKED = ['draft sent', 'draft paid', 'draft cancelled', 'sent paid', 'sent cancelled'];

for (const from of STATUSES) {
  for (const to of STATUSES) {
    const may = from === to || ASKED.includes(`${from} ${to}`);
    test(`staff ${may ? 'may' : 'cannot'} ask that an invoice that is ${from} becomes ${to}`, () => {
      const ask = () => mustBecome(anInvoice(from), to);
      if (may) ask();
      else {
        const message = `an invoice that is ${from} cannot become ${to}`;
        assert.throws(ask, { code: 'INVOICE_ILLEGAL_STATUS', message });
      }
    });
  }
}

test('a draft is sent, and says so; one that is sent stays so without an event', () => {
  const { next, events } = sendInvoice(anInvoice(), ctx);
  assert.equal(next.status, 'sent');
  const [event] = events;
  assert.deepEqual(event?.data, {
    invoice_id: 7,
    order_id: 17,
    user_id: 2,
    invoice_number: 'INV-2026-000007',
    total: TOTAL,
    currency: 'USD',
    from: 'draft',
    to: 'sent',
    at: ctx.now,
  });
  assert.deepEqual([event?.type, event?.subject, event?.about], ['invoice.status_changed', '7', 'order/17']);
  assert.deepEqual(sendInvoice(next, ctx), unchanged(next));
  assert.throws(() => sendInvoice(anInvoice('paid'), ctx), { code: 'INVOICE_ILLEGAL_STATUS' });
});

test('an invoice is paid when its money is here, by way of sent, and says both', () => {
  const paid = followMoney(anInvoice('draft'), totals(TOTAL), ctx);
  assert.deepEqual([paid.next.status, steps(paid)], ['paid', ['draft sent', 'sent paid']]);
  assert.deepEqual(
    paid.events.map(({ about }) => about),
    ['order/17', 'order/17'],
  );
  assert.deepEqual(steps(followMoney(anInvoice('sent'), totals(300_000), ctx)), ['sent paid']);
  assert.equal(openOf(paid.next), 0);
});

test('a part of the money changes what is open and no status', () => {
  const part = followMoney(anInvoice('sent'), totals(5_000), ctx);
  assert.deepEqual([part.next.status, steps(part), openOf(part.next)], ['sent', ['balance'], TOTAL - 5_000]);
  const { paid_total, open } = publicInvoice(part.next);
  assert.deepEqual([paid_total, open], [5_000, TOTAL - 5_000]);
  assert.deepEqual(followMoney(part.next, totals(5_000), ctx), unchanged(part.next));
  assert.deepEqual(followMoney(part.next, totals(4_000), ctx), unchanged(part.next));
  assert.deepEqual(steps(followMoney(part.next, totals(TOTAL), ctx)), ['sent paid']);
});

test('a correction makes the claim owed again, a credit does not', () => {
  const corrected = followMoney(anInvoice('paid'), totals(TOTAL, 5_000, 0), ctx);
  assert.deepEqual([steps(corrected), openOf(corrected.next)], [['paid sent'], 5_000]);
  const again = followMoney(corrected.next, totals(TOTAL + 5_000, 5_000, 0), ctx);
  assert.deepEqual([steps(again), openOf(again.next)], [['sent paid'], 0]);
  const credited = followMoney(anInvoice('paid'), totals(TOTAL, 5_000, 5_000), ctx);
  assert.deepEqual([steps(credited), openOf(credited.next), credited.next.status], [['balance'], 0, 'paid']);
});

test('totals may come in any order: the end is the same', () => {
  const told = [totals(100), totals(TOTAL), totals(TOTAL, 5_000, 0), totals(TOTAL + 5_000, 5_000, 0)];
  const ends = [told, told.toReversed(), [told[2], told[0], told[3], told[1]]].map((order) => {
    let state = anInvoice();
    for (const one of order) state = followMoney(state, one as (typeof told)[0], ctx).next;
    return [state.status, openOf(state), state.paid_total];
  });
  assert.deepEqual(new Set(ends.map(String)), new Set([`paid,0,${TOTAL + 5_000}`]));
});

test('refunds of versions before kinds are credits', () => {
  const told = { paid_total: minor(TOTAL), refunded_total: minor(TOTAL) };
  const { next } = followMoney(anInvoice('paid'), told, ctx);
  assert.deepEqual([next.status, next.credited_total, openOf(next)], ['paid', TOTAL, 0]);
});

test('an invoice over 0 is paid at once', () => {
  const zero = { subtotal: minor(0), tax: minor(0), total: minor(0), items: [] };
  const created = createInvoice(anOrder(zero), facts, ctx);
  const { next, events } = payIfNothingIsOwed(created, ctx);
  assert.equal(next.status, 'paid');
  assert.deepEqual(
    events.map(({ type }) => type),
    ['invoice.created', 'invoice.status_changed', 'invoice.status_changed'],
  );
  assert.deepEqual(payIfNothingIsOwed(createInvoice(anOrder(), facts, ctx), ctx).events.length, 1);
});

test('a cancelled order takes its invoice along, unless that is paid; of a cancelled one nothing is owed', () => {
  const cancel = (status: InvoiceStatus) => steps(cancelInvoice(anInvoice(status), ctx));
  assert.deepEqual(cancel('draft'), ['draft cancelled']);
  assert.deepEqual(cancel('sent'), ['sent cancelled']);
  assert.deepEqual([cancel('paid'), cancel('cancelled')], [[], []]);
  assert.equal(openOf(anInvoice('cancelled')), 0);
  assert.equal(followMoney(anInvoice('cancelled'), totals(TOTAL), ctx).next.status, 'cancelled');
});
