import { minor } from '../../platform/contract/money.ts';
import { captured, invoiceBecame, invoiced, moved, placed, refunded, taxIn } from './analytics.fixture.ts';
import type { Fact } from './model/analytics.facts.model.ts';

/** What happened to an order with an invoice, event by event, and what it came to. */
export interface History {
  readonly facts: readonly Fact[];
  readonly order: { readonly subtotal: number; readonly tax: number; readonly total: number };
  readonly lines: readonly { readonly product_id: number; readonly quantity: number; readonly total: number }[];
  readonly status: 'pending' | 'confirmed' | 'completed' | 'cancelled';
  readonly paid: number;
  readonly refunded: number;
  readonly credited: number;
}

const DAY = Date.parse('2026-11-02T00:00:00Z');

/** A random history: sometimes of a total of 0, sometimes told by a version that knew no kinds of refunds. */
export function anOrdersHistory(id: number, pick: (below: number) => number): History {
  const lines = Array.from({ length: 1 + pick(4) }, (_, n) => ({
    product_id: 1 + ((id + n) % 5),
    quantity: 1 + pick(3),
    total: pick(8) === 0 ? 0 : pick(4_000),
  }));
  const subtotal = lines.reduce((all, { total }) => all + total, 0);
  const tax = Math.round(subtotal * ([0, 0.1, 0.077, 0.2][pick(4)] ?? 0));
  const total = subtotal + tax;
  const items = lines.map((line) => {
    return { ...line, total: minor(line.total), product_name: 'Product', description: '', unit_price: minor(1) };
  });
  const time = new Date(DAY + pick(20 * 24 * 60) * 60_000).toISOString();
  const money = { subtotal: minor(subtotal), tax: minor(tax), total: minor(total) };
  const facts: Fact[] = [placed(id, time, { items, ...money }), invoiced(id, total), invoiceBecame(id, 'sent')];
  const so = { paid: 0, refunded: 0, credited: 0 };
  const old = pick(4) === 0;
  const soFar = () => (old ? ([so.paid, so.refunded] as const) : ([so.paid, so.refunded, so.credited] as const));

  function pay(amount: number): void {
    if (amount <= 0) return;
    so.paid += amount;
    facts.push(captured(id, amount, id, soFar()));
  }
  function refund(amount: number, kind: 'credit' | 'correction'): void {
    if (amount <= 0) return;
    so.refunded += amount;
    if (kind === 'credit' || old) so.credited += amount;
    facts.push(refunded(id, amount, id, soFar()));
  }
  const left = () => Math.max(total - so.credited - (so.paid - so.refunded), 0);
  const part = (of: number) => (pick(3) === 0 ? of : pick(of + 1));

  for (let step = pick(6); step > 0; step--) {
    if (pick(2)) pay(part(left()));
    else refund(part(so.paid - so.refunded), pick(2) ? 'credit' : 'correction');
  }
  // What was settled once was announced as such; a correction that comes later makes of `completed` what it was.
  let status: History['status'] = pick(3) ? 'pending' : 'confirmed';
  if (status === 'confirmed') facts.push(moved(id, 'confirmed'));
  if (pick(3) === 0) {
    pay(left());
    facts.push(moved(id, 'completed'));
    refund(part(so.paid - so.refunded), pick(2) ? 'credit' : 'correction');
    status = left() > 0 ? 'confirmed' : 'completed';
  }
  if (pick(3) === 0) {
    const before = pick(2) > 0;
    if (before) refund(so.paid - so.refunded, 'credit');
    facts.push(moved(id, 'cancelled'));
    if (!before) refund(part(so.paid - so.refunded), 'credit');
    status = 'cancelled';
  }
  return { facts, order: { subtotal, tax, total }, lines, status, ...so };
}

/** What the figures must be, worked out from how each order ended. */
export function expectedOf(histories: readonly History[]) {
  const orders = { total: 0, pending: 0, confirmed: 0, completed: 0, cancelled: 0, paid: 0 };
  const revenue = { net: 0, tax: 0, gross: 0, refunded: 0, credited: 0, paid: 0 };
  const sold = new Map<number, { quantity: number; amount: number }>();
  let outstanding = 0;
  for (const one of histories) {
    const { subtotal, tax, total } = one.order;
    const open = Math.max(total - one.credited - (one.paid - one.refunded), 0);
    orders.total++;
    orders[one.status]++;
    outstanding += open;
    if (one.status === 'cancelled') continue;
    const ofTax = one.credited > 0 ? taxIn(one.credited, tax, total) : 0;
    const ofNet = one.credited - ofTax;
    revenue.net += subtotal - ofNet;
    revenue.tax += tax - ofTax;
    revenue.gross += total - one.credited;
    revenue.refunded += one.refunded;
    revenue.credited += one.credited;
    revenue.paid += one.paid - one.refunded;
    if (open === 0) orders.paid++;
    const credits = dealt(
      ofNet,
      one.lines.map((line) => line.total),
    );
    for (const [n, line] of one.lines.entries()) {
      const so = sold.get(line.product_id) ?? { quantity: 0, amount: 0 };
      const amount = so.amount + line.total - (credits[n] ?? 0);
      sold.set(line.product_id, { quantity: so.quantity + line.quantity, amount });
    }
  }
  const products = [...sold].map(([id, { quantity, amount }]) => [id, quantity, amount]);
  return {
    orders,
    revenue,
    outstanding,
    sold: products.sort(([one = 0], [other = 0]) => one - other),
    categories: revenue.net,
    month: revenue.gross,
  };
}

/** An amount dealt out in proportion, the cents that are left to the largest remainders, one after the other. */
function dealt(amount: number, weights: readonly number[]): number[] {
  const whole = weights.reduce((all, one) => all + one, 0);
  if (whole === 0) return weights.map(() => 0);
  const parts = weights.map((weight) => Math.floor((amount * weight) / whole));
  const rest = weights.map((weight) => (amount * weight) % whole);
  for (let left = amount - parts.reduce((all, one) => all + one, 0); left > 0; left--) {
    let best = 0;
    for (const n of weights.keys()) {
      const [mine = 0, its = 0] = [rest[n], rest[best]];
      if (mine > its || (mine === its && (weights[n] ?? 0) > (weights[best] ?? 0))) best = n;
    }
    parts[best] = (parts[best] ?? 0) + 1;
    rest[best] = -1;
  }
  return parts;
}
