import type { Minor } from '../../../platform/contract/money.ts';
import type { MoneyTotals, PaymentFacts } from '../../payment/payment.totals.contract.ts';
import type { OrderStatus } from '../order.contract.ts';

/** What an order knows of its money. */
export interface OrderMoney {
  readonly total: Minor;
  readonly status: OrderStatus;
  readonly paid_total: Minor;
  readonly refunded_total: Minor;
  /** Null in orders from before it was kept: then all that was refunded was credited. */
  readonly credited_total: Minor | null;
}

/** What moved for an order. */
export const totalsOf = ({ paid_total, refunded_total, credited_total }: OrderMoney): MoneyTotals => ({
  paid_total,
  refunded_total,
  credited_total: credited_total ?? refunded_total,
});

/** What an order comes to and what moved for it. */
export const paymentFacts = (order: OrderMoney): PaymentFacts => ({
  ...totalsOf(order),
  total: order.total,
  cancelled: order.status === 'cancelled',
});
