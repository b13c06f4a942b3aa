import { netPaid } from '../../payment/payment.totals.contract.ts';
import type { Receivable } from '../../payment/receivables/payment.receivables.contract.ts';
import type { OrderState } from '../order.model.ts';
import { totalsOf } from '../statuses/order.money.model.ts';
import { invoiceIn, type TimelineEvent } from '../timeline/order.timeline.model.ts';

/**
 * When an order is cancelled by itself; null for one that is confirmed, has money in it, or is invoiced on account, which
 * it is when its invoice was sent.
 */
export function expiryOf(order: OrderState, events: readonly TimelineEvent[]): string | null {
  if (order.status !== 'pending' || netPaid(totalsOf(order)) > 0) return null;
  const status = invoiceIn(events)?.status;
  return status === 'sent' || status === 'paid' ? null : order.expires_at;
}

/** Whether nothing was paid for an order and no provider is asked for money. */
export const isWithoutMoney = (receivable: Receivable | undefined): boolean =>
  receivable === undefined || (netPaid(receivable) <= 0 && !receivable.processing);
