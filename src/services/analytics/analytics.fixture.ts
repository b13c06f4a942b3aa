import { type Minor, minor } from '../../platform/contract/money.ts';
import type { OrderDetails, OrderStatus } from '../order/order.contract.ts';
import type { Stats } from './analytics.contract.ts';
import {
  countedOnly,
  type EventHeader,
  type Fact,
  invoiceCreated,
  invoiceStatusChanged,
  orderPlaced,
  orderStatusChanged,
  paymentCaptured,
  paymentRefunded,
  productDescribed,
  shipmentCreated,
  shipmentStatusChanged,
  transactionCreated,
  userRegistered,
} from './model/analytics.facts.model.ts';
import { statsOf } from './model/analytics.model.ts';

export const NOON = '2026-11-18T12:00:00.000Z';

let last = 0;

/** An event of its own, at a time. */
export function arrival(type: string, subject: number | string, time = NOON): EventHeader {
  const id = `01985000-0000-7000-8000-${String(++last).padStart(12, '0')}`;
  return { id, type, source: type.split('.')[0] ?? '', subject: String(subject), time };
}

/** An order of user 2 for two laptops, unless it says otherwise. */
export function anOrder(order_id: number, more: Partial<OrderDetails> = {}): OrderDetails {
  const total = minor(20_000);
  const item = {
    product_id: 1,
    product_name: 'Laptop',
    description: '',
    quantity: 2,
    unit_price: minor(10_000),
    total,
  };
  return {
    order_id,
    user_id: 2,
    username: 'alice',
    items: [item],
    subtotal: total,
    tax: minor(2_000),
    tax_rate: '0.1',
    total: minor(22_000),
    currency: 'USD',
    status: 'pending',
    payment_status: 'not_paid',
    fulfillment_status: 'not_fulfilled',
    created_at: NOON,
    updated_at: NOON,
    ...more,
  };
}

export const placed = (order_id: number, time = NOON, more: Partial<OrderDetails> = {}): Fact =>
  orderPlaced(arrival('order.created', order_id, time), anOrder(order_id, more));

export const moved = (order_id: number, status: OrderStatus, time = NOON): Fact =>
  orderStatusChanged(arrival('order.status_changed', order_id, time), { order_id, status });

export const registered = (id: number, time = NOON): Fact => userRegistered(arrival('user.registered', id, time));

export const described = (product_id: number, name: string, category: string, time = NOON): Fact =>
  productDescribed(arrival('product.updated', product_id, time), {
    product_id,
    name,
    category,
    description: '',
    price: minor(1),
    currency: 'USD',
    in_stock: true,
    stock_quantity: null,
    created_at: time,
    updated_at: time,
  });

export function owed(transaction_id: number, amount: number, user_id = 2, time = NOON): Fact {
  const event_type = 'transaction.created' as const;
  const data = { event_type, transaction_id, user_id, amount: minor(amount), description: '', timestamp: time };
  return transactionCreated(arrival(event_type, transaction_id, time), data, 'USD');
}

export function movement(transaction_id: number, amount: number, invoice_id: number | null = null) {
  const totals = { order_id: null, paid_total: null, refunded_total: null, at: NOON };
  return { transaction_id, user_id: 2, amount: minor(amount), currency: 'USD', invoice_id, ...totals };
}

export const captured = (transaction_id: number, amount: number, invoice_id: number | null = null): Fact =>
  paymentCaptured(arrival('payment.captured', transaction_id), movement(transaction_id, amount, invoice_id));

export const refunded = (transaction_id: number, amount: number, invoice_id: number | null = null): Fact =>
  paymentRefunded(arrival('payment.refunded', transaction_id), movement(transaction_id, amount, invoice_id));

export const invoiced = (invoice_id: number, total = 22_000): Fact =>
  invoiceCreated(arrival('invoice.created', invoice_id), {
    invoice_id,
    order_id: invoice_id,
    user_id: 2,
    username: 'alice',
    invoice_number: `INV-2026-${invoice_id}`,
    items: [],
    subtotal: minor(total),
    tax: minor(0),
    total: minor(total),
    currency: 'USD',
    status: 'draft',
    created_at: NOON,
    due_date: NOON,
  });

export const invoiceBecame = (invoice_id: number, to: 'sent' | 'paid' | 'cancelled'): Fact =>
  invoiceStatusChanged(arrival('invoice.status_changed', invoice_id), {
    invoice_id,
    order_id: invoice_id,
    user_id: 2,
    invoice_number: '',
    total: minor(0),
    currency: 'USD',
    from: 'draft',
    to,
    at: NOON,
  });

const parcel = { order_id: 1, user_id: 2, carrier: null, tracking_number: null };

export const packed = (shipment_id: number, time = NOON): Fact =>
  shipmentCreated(arrival('shipment.created', shipment_id, time), {
    ...parcel,
    shipment_id,
    username: 'alice',
    items: [],
    status: 'pending',
    created_at: time,
    updated_at: time,
  });

export const shipmentBecame = (shipment_id: number, to: 'shipped' | 'failed' | 'delivered', time: string): Fact =>
  shipmentStatusChanged(arrival('shipment.status_changed', shipment_id, time), {
    ...parcel,
    shipment_id,
    from: 'pending',
    to,
    at: time,
  });

/** A repeatable stand-in for chance. */
export function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** The same facts in another order, each of them once or twice. */
export function shuffledAndDoubled(facts: readonly Fact[], pick: (below: number) => number): Fact[] {
  const all = facts.flatMap((fact) => (pick(2) ? [fact, fact] : [fact]));
  for (let i = all.length - 1; i > 0; i--) {
    const j = pick(i + 1);
    [all[i], all[j]] = [all[j] as Fact, all[i] as Fact];
  }
  return all;
}

const AT = (nth: number): string => new Date(Date.parse('2026-11-01T00:00:00Z') + nth * 1_800_000).toISOString();

/** What happened in a shop, and the figures that it comes to, worked out without any of the code under test. */
export function aShop(orders: number, pick: (below: number) => number): { facts: Fact[]; stats: Stats } {
  const facts: Fact[] = [registered(1), described(1, 'Laptop', 'Computers')];
  const empty = statsOf([], 'USD');
  const sums = {
    ...empty,
    orders: { ...empty.orders },
    invoices: { ...empty.invoices },
    shipments: { ...empty.shipments },
  };
  const money = { net: 0, tax: 0, gross: 0, owed: 0, paid: 0, refunded: 0, outstanding: 0 };
  const users = new Set<number>();
  for (let id = 1; id <= orders; id++) {
    const subtotal = minor(100 + pick(50_000));
    const [tax, total] = [minor(Math.round(subtotal / 10)), minor(subtotal + Math.round(subtotal / 10))] as [
      Minor,
      Minor,
    ];
    facts.push(placed(id, AT(id), { subtotal, tax, total }));
    const fate = (['pending', 'confirmed', 'completed', 'cancelled'] as const)[pick(4)] ?? 'pending';
    if (fate !== 'pending' && pick(2)) facts.push(moved(id, 'confirmed', AT(id + 1)));
    if (fate !== 'pending') facts.push(moved(id, fate, AT(id + 2)));
    sums.orders[fate]++;
    if (fate !== 'cancelled') {
      money.net += subtotal;
      money.tax += tax;
      money.gross += total;
    }
    facts.push(invoiced(id, total));
    const bill = (['draft', 'sent', 'paid', 'cancelled'] as const)[pick(4)] ?? 'draft';
    if (bill === 'paid') facts.push(invoiceBecame(id, 'sent'));
    if (bill !== 'draft') facts.push(invoiceBecame(id, bill));
    sums.invoices[bill]++;
    const user = 1 + pick(5);
    users.add(user);
    facts.push(owed(id, total, user, AT(id)), countedOnly(arrival('transaction.paid', user)));
    money.owed += total;
    const part = bill === 'sent' ? pick(total) : total;
    if (bill === 'sent') money.outstanding += total - part;
    if (bill === 'paid' || (bill === 'sent' && part > 0)) {
      facts.push(captured(id, part, id));
      money.paid += part;
      sums.total_paid_transactions++;
      if (bill === 'paid' && pick(2)) {
        facts.push(refunded(id, 50, id), refunded(id, 25, id));
        money.refunded += 75;
      }
    }
    facts.push(packed(id, AT(id)));
    const way = (['pending', 'shipped', 'failed', 'delivered'] as const)[pick(4)] ?? 'pending';
    if (way === 'shipped') facts.push(shipmentBecame(id, 'failed', AT(id + 1)), shipmentBecame(id, way, AT(id + 2)));
    else if (way !== 'pending') facts.push(shipmentBecame(id, way, AT(id + 1)));
    sums.shipments[way]++;
  }
  const times = facts.map(({ time }) => time).sort();
  return {
    facts,
    stats: {
      ...sums,
      total_transactions: orders,
      total_amount: minor(money.owed),
      total_paid_amount: minor(money.paid),
      total_refunded_amount: minor(money.refunded),
      events_processed: facts.length,
      unique_users: users.size,
      last_event_time: times.at(-1) ?? null,
      registered_users: 1,
      orders: { ...sums.orders, total: orders },
      revenue: {
        net: minor(money.net),
        tax: minor(money.tax),
        gross: minor(money.gross),
        refunded: minor(money.refunded),
      },
      invoices: { ...sums.invoices, total: orders, amount_outstanding: minor(money.outstanding) },
      shipments: { ...sums.shipments, total: orders },
    },
  };
}
