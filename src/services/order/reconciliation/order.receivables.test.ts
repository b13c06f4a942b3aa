import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minor } from '../../../platform/contract/money.ts';
import type { Receivable } from '../../payment/receivables/payment.receivables.contract.ts';
import { aLine, aReservation, at, TERMS } from '../order.fixture.ts';
import { cancelOrder, type OrderState, placeOrder } from '../order.model.ts';
import { receivableComparison } from './order.receivables.ts';

const LATER = ['2026-07-29T10:00:00.000Z', '2026-07-29T10:05:00.000Z'];

const cancelled = (order_id: number): OrderState => {
  const placed = placeOrder({ id: 2, username: 'alice' }, aReservation(order_id, aLine()), TERMS, at());
  return cancelOrder(placed.next, 'requested', at()).next;
};

const nothing = minor(0);
const open = (order_id: number): Receivable => ({
  ...{ order_id, user_id: 2, invoice_id: null, currency: null, total: null },
  ...{ paid_total: nothing, refunded_total: nothing, credited_total: nothing, open: nothing },
  ...{ processing: false, closed: false },
});

test('a receivable that cannot be ended now keeps no other from being ended', async () => {
  const orders = new Map([2, 1].map((order_id) => [order_id, cancelled(order_id)]));
  const ended: number[] = [];
  const warned: string[] = [];
  const compare = receivableComparison({
    orders: {
      find: async () => orders,
      get: async (order_id) => orders.get(order_id) as OrderState,
      save: async (_ctx, { next }) => next,
    },
    payment: {
      receivables: async () => ({ items: [open(2), open(1)] }),
      async closeOrder(_ctx, { order_id }) {
        if (order_id === 2) throw new Error('the provider does not answer');
        ended.push(order_id);
        return { ...open(order_id), closed: true };
      },
    },
    log: { warn: (_fields: object, text?: string) => void warned.push(String(text)) },
  });
  for (const now of LATER) await compare(at(now));
  assert.deepEqual(ended, [1]);
  assert.ok(
    warned.some((text) => /could not be compared/.test(text)),
    warned.join('\n'),
  );
});
