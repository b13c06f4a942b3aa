import { rounds } from '../../platform/app/rounds.ts';
import type { ApiOf, Ctx, OutputOf } from '../../platform/contract/contract.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { Log } from '../../platform/observability/log.ts';
import type { invoiceOps } from '../invoice/invoice.contract.ts';
import type { orderOps } from '../order/order.contract.ts';
import type { OrderBalance } from './model/payment.model.ts';
import type { paymentOps } from './payment.contract.ts';
import type { PaymentRepository } from './payment.repository.ts';
import type { createSettlement } from './payment.settlement.ts';

type Outcome = OutputOf<typeof paymentOps.reconcile>;
export type BilledOrders = Pick<ApiOf<typeof orderOps>, 'compareBills'>;
export type BilledInvoices = Pick<ApiOf<typeof invoiceOps>, 'compareBills'>;

interface Parts {
  readonly payments: Pick<PaymentRepository, 'bills'>;
  readonly order: BilledOrders;
  readonly invoice: BilledInvoices;
  readonly settle: Pick<ReturnType<typeof createSettlement>, 'cancelled'>;
  readonly log: Pick<Log, 'warn'>;
}

/** So long a difference is left to the event that may still be on its way. */
const SETTLED_MS = 60_000;
const PAGE = 200;

/**
 * Compares what was paid and given back with what orders and invoices have heard of it, and mends what an event that
 * was lost has left undone: an order or an invoice that does not know of its money, money of an order that was
 * cancelled. A page is one statement here, and one call to each of them.
 */
export function billReconciliation({ payments, order, invoice, settle, log }: Parts): (ctx: Ctx) => Promise<Outcome> {
  // What differed, as it was then: what moves in between is not old enough.
  const seen = new Map<number, { readonly version: number; readonly since: number }>();

  function isSettled({ order_id, version }: OrderBalance, now: number): boolean {
    const before = seen.get(order_id);
    return before !== undefined && before.version === version && now - before.since >= SETTLED_MS;
  }

  function remember({ order_id, version }: OrderBalance, now: number): void {
    if (seen.get(order_id)?.version !== version) seen.set(order_id, { version, since: now });
  }

  async function page(ctx: Ctx, cursor: string | undefined, older: boolean, outcome: Outcome) {
    const now = Date.parse(ctx.now);
    const { items, next } = await payments.bills({ limit: PAGE, cursor });
    if (items.length === 0) return { next };
    const bills = items.map((bill) => ({
      order_id: bill.order_id,
      paid_total: bill.paid,
      refunded_total: bill.refunded,
      settled: older || isSettled(bill, now),
    }));
    const settled = new Set(bills.filter((one) => one.settled).map(({ order_id }) => order_id));
    const orders = await order.compareBills(ctx, { bills });
    const cancelled = new Set(orders.cancelled);
    const invoices = await invoice.compareBills(ctx, {
      bills: bills.map((one) => ({ ...one, cancelled: cancelled.has(one.order_id) })),
    });
    const differ = new Set([...orders.behind, ...invoices.behind]);
    for (const bill of items) {
      const { order_id, user_id } = bill;
      const left = cancelled.has(order_id) && !bill.closed;
      if (left) differ.add(order_id);
      if (!differ.has(order_id)) seen.delete(order_id);
      else if (!settled.has(order_id)) remember(bill, now);
      else {
        seen.delete(order_id);
        if (left) await retryOnConflict(() => settle.cancelled(ctx, { order_id, user_id }));
        outcome.orders += Number(orders.behind.includes(order_id));
        outcome.invoices += Number(invoices.behind.includes(order_id));
        outcome.cancelled += Number(left);
        log.warn(
          { order_id },
          'an event about the money of an order was lost or is late; what follows from it is done',
        );
      }
    }
    return { next };
  }

  const round = rounds();
  return async (ctx) => {
    const outcome: Outcome = { orders: 0, invoices: 0, cancelled: 0 };
    await round(ctx, (cursor, older) => page(ctx, cursor, older, outcome));
    return outcome;
  };
}
