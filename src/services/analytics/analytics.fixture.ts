import { minor } from '../../platform/contract/money.ts';
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
    shipping_address: null,
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

/** What was paid, given back and credited for an order so far. */
export type SoFar = readonly [paid: number, refunded: number, credited?: number];

/** Money that moved; the order of an invoice has the same id. Without `soFar` no totals are told. */
export function movement(transaction_id: number, amount: number, invoice_id: number | null = null, soFar?: SoFar) {
  const [paid_total, refunded_total, credited_total] = (soFar ?? []).map((one) => minor(one ?? 0));
  return {
    transaction_id,
    user_id: 2,
    amount: minor(amount),
    currency: 'USD',
    invoice_id,
    order_id: invoice_id,
    paid_total: paid_total ?? null,
    refunded_total: refunded_total ?? null,
    ...(credited_total !== undefined && { credited_total }),
    at: NOON,
  };
}

export const captured = (id: number, amount: number, invoice_id: number | null = null, soFar?: SoFar): Fact =>
  paymentCaptured(arrival('payment.captured', id), movement(id, amount, invoice_id, soFar));

export const refunded = (id: number, amount: number, invoice_id: number | null = null, soFar?: SoFar): Fact =>
  paymentRefunded(arrival('payment.refunded', id), movement(id, amount, invoice_id, soFar));

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

/** The tax in a credit: its part in proportion, to the nearest cent. */
export function taxIn(credited: number, tax: number, total: number): number {
  return Number((2n * BigInt(credited) * BigInt(tax) + BigInt(total) - 1n) / (2n * BigInt(total)));
}

/** What happened in a shop, and the figures that it comes to, worked out without any of the code under test. */
export function aShop(
  orders: number,
  pick: (below: number) => number,
): { facts: Fact[]; stats: Omit<Stats, 'time_zone'> } {
  const facts: Fact[] = [registered(1), described(1, 'Laptop', 'Computers')];
  const sums = emptySums();
  const users = new Set<number>();
  for (let id = 1; id <= orders; id++) {
    const subtotal = minor(100 + pick(50_000));
    const tax = minor(Math.round(subtotal / 10));
    const total = minor(subtotal + tax);
    facts.push(placed(id, AT(id), { subtotal, tax, total }));
    const fate = (['pending', 'confirmed', 'completed', 'cancelled'] as const)[pick(4)] ?? 'pending';
    if (fate !== 'pending' && pick(2)) facts.push(moved(id, 'confirmed', AT(id + 1)));
    if (fate !== 'pending') facts.push(moved(id, fate, AT(id + 2)));
    facts.push(invoiced(id, total));
    const bill = (['draft', 'sent', 'paid', 'cancelled'] as const)[pick(4)] ?? 'draft';
    if (bill === 'paid') facts.push(invoiceBecame(id, 'sent'));
    if (bill !== 'draft') facts.push(invoiceBecame(id, bill));
    const user = 1 + pick(5);
    users.add(user);
    facts.push(owed(id, total, user, AT(id)), countedOnly(arrival('transaction.paid', user)));
    const paid = bill === 'sent' ? pick(total) : bill === 'paid' ? total : 0;
    if (paid > 0) facts.push(captured(id, paid, id, [paid, 0, 0]));
    const refunds = bill === 'paid' && pick(2) > 0;
    const [first, second] = [pick(2) * 50, pick(2) * 25];
    if (refunds) facts.push(refunded(id, 50, id, [paid, 50, first]), refunded(id, 25, id, [paid, 75, first + second]));
    const [back, credited] = refunds ? [75, first + second] : [0, 0];
    sums.add({ fate, bill, subtotal, tax, total, paid, back, credited });
    facts.push(packed(id, AT(id)));
    const way = (['pending', 'shipped', 'failed', 'delivered'] as const)[pick(4)] ?? 'pending';
    if (way === 'shipped') facts.push(shipmentBecame(id, 'failed', AT(id + 1)), shipmentBecame(id, way, AT(id + 2)));
    else if (way !== 'pending') facts.push(shipmentBecame(id, way, AT(id + 1)));
    sums.stats.shipments[way]++;
    sums.stats.shipments.total++;
  }
  const last_event_time =
    facts
      .map(({ time }) => time)
      .toSorted()
      .at(-1) ?? null;
  const whole = { events_processed: facts.length, unique_users: users.size, last_event_time, registered_users: 1 };
  return { facts, stats: { ...sums.stats, ...whole } };
}

interface Ending {
  readonly fate: 'pending' | 'confirmed' | 'completed' | 'cancelled';
  readonly bill: 'draft' | 'sent' | 'paid' | 'cancelled';
  readonly subtotal: number;
  readonly tax: number;
  readonly total: number;
  readonly paid: number;
  readonly back: number;
  readonly credited: number;
}

/** The figures of orders by how they ended, each with an invoice and a transaction. */
function emptySums() {
  type Numbers = { -readonly [K in keyof Stats]: Stats[K] extends object ? Record<string, number> : Stats[K] };
  const stats = structuredClone(statsOf([], 'USD'));
  const { revenue, orders, invoices } = stats as unknown as Record<
    'revenue' | 'orders' | 'invoices',
    Numbers['revenue']
  >;
  const plus = (sums: Record<string, number>, more: Record<string, number>) => {
    for (const [name, amount] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + amount;
  };
  function add({ fate, bill, subtotal, tax, total, paid, back, credited }: Ending): void {
    const open = total - credited - (paid - back);
    const reopened = back > credited && open > 0;
    plus(orders, { total: 1, [reopened && fate === 'completed' ? 'confirmed' : fate]: 1 });
    const seen = reopened && bill === 'paid' ? 'sent' : bill;
    plus(invoices, { total: 1, [seen]: 1, amount_outstanding: seen === 'sent' ? open : 0 });
    const paidOnes = paid > 0 ? 1 : 0;
    const counts = { total_transactions: 1, total_amount: total, total_paid_transactions: paidOnes };
    plus(stats as unknown as Record<string, number>, {
      ...counts,
      total_paid_amount: paid,
      total_refunded_amount: back,
    });
    if (fate === 'cancelled') return;
    const taxCredited = taxIn(credited, tax, total);
    plus(revenue, { net: subtotal - (credited - taxCredited), tax: tax - taxCredited, gross: total - credited });
    plus(revenue, { refunded: back, credited, paid: paid - back });
    plus(orders, { paid: open === 0 ? 1 : 0 });
  }
  return { stats, add };
}
