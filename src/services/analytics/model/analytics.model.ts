import { type Minor, minor } from '../../../platform/contract/money.ts';
import type { ShipmentStatus } from '../../delivery/delivery.contract.ts';
import type { InvoiceStatus } from '../../invoice/invoice.contract.ts';
import type { OrderStatus } from '../../order/order.contract.ts';
import type { Stats } from '../analytics.contract.ts';

/** The sum of one metric, of all time, in one currency; '' for what has none. */
export interface Total {
  readonly metric: string;
  readonly currency: string;
  readonly count: number;
  readonly amount: Minor;
  /** When the last event happened that it counts. */
  readonly latest: string;
}

const ORDER: readonly OrderStatus[] = ['pending', 'confirmed', 'completed', 'cancelled'];
const INVOICE: readonly InvoiceStatus[] = ['draft', 'sent', 'paid', 'cancelled'];
const SHIPMENT: readonly ShipmentStatus[] = [
  'pending',
  'packed',
  'shipped',
  'in_transit',
  'delivered',
  'failed',
  'returned',
  'cancelled',
];

/** The figures of the shop from its totals: counts of everything, amounts of one currency. */
export function statsOf(totals: readonly Total[], currency: string): Omit<Stats, 'time_zone'> {
  const count = (metric: string): number =>
    totals.filter((one) => one.metric === metric).reduce((all, one) => all + one.count, 0);
  const amount = (metric: string): Minor =>
    totals.find((one) => one.metric === metric && one.currency === currency)?.amount ?? minor(0);
  const byStatus = <S extends string>(kind: string, statuses: readonly S[]) => {
    const counts = statuses.map((status) => [status, count(`${kind}:${status}`)] as const);
    const total = counts.reduce((all, [, one]) => all + one, 0);
    return { total, ...Object.fromEntries(counts) } as { total: number } & Record<S, number>;
  };
  return {
    currency,
    total_transactions: count('transactions'),
    total_amount: amount('transactions'),
    total_paid_transactions: count('transaction:paid'),
    total_paid_amount: amount('payments'),
    total_refunded_amount: amount('refunds'),
    events_processed: count('events'),
    unique_users: count('spenders'),
    last_event_time: totals.find((one) => one.metric === 'events')?.latest ?? null,
    registered_users: count('users'),
    orders: { ...byStatus('order', ORDER), paid: count('paid') },
    revenue: {
      net: amount('revenue:net'),
      tax: amount('revenue:tax'),
      gross: amount('revenue'),
      refunded: amount('revenue:refunded'),
      credited: amount('revenue:credited'),
      paid: amount('revenue:paid'),
    },
    invoices: { ...byStatus('invoice', INVOICE), amount_outstanding: amount('outstanding') },
    shipments: byStatus('shipment', SHIPMENT),
  };
}
