import assert from 'node:assert/strict';
import {
  all,
  type CreditNote,
  cents,
  centsOf,
  type Invoice,
  type Order,
  read,
  type Shipment,
  type ShipmentDetails,
  type Transaction,
  type WalkedShop,
} from './shop.fixture.ts';
import type { Trail } from './steps.fixture.ts';

/** Everything that the books say of one order, as a member of staff reads it. */
interface OrderBooks {
  readonly order: Order;
  readonly invoices: readonly Invoice[];
  readonly transactions: readonly Transaction[];
  readonly credits: readonly CreditNote[];
  readonly shipments: readonly ShipmentDetails[];
}

/** Reads all books and compares each with every other. Throws what does not agree; nothing may be under way. */
export async function compareBooks(shop: WalkedShop, trail: Trail): Promise<void> {
  const books = await readBooks(shop);
  for (const one of books) compareOrder(one);
  await compareStock(shop, trail, books);
  await compareSeries(shop);
  await compareLedger(shop);
  await compareFigures(shop);
}

async function readBooks({ staff, customer }: WalkedShop): Promise<OrderBooks[]> {
  const user = `user_id=${customer.id}`;
  const [orders, invoices, transactions, credits, shipments] = await Promise.all([
    all<Order>(customer, '/orders'),
    all<Invoice>(staff, `/invoices/user/${customer.id}`),
    all<Transaction>(staff, `/transactions/list?${user}`),
    all<CreditNote>(staff, `/credit-notes?${user}`),
    all<Shipment>(staff, `/shipments?${user}`),
  ]);
  const details = await Promise.all(
    shipments.map(({ shipment_id }) => read(staff.get<ShipmentDetails>(`/shipments/${shipment_id}`))),
  );
  return orders.map((order) => {
    const own = <T extends { readonly order_id: number | null }>(rows: readonly T[]) =>
      rows.filter(({ order_id }) => order_id === order.order_id);
    const paid = own(transactions);
    const ids = new Set(paid.map(({ id }) => id));
    return {
      order,
      invoices: own(invoices),
      transactions: paid,
      credits: credits.filter(({ transaction_id }) => ids.has(transaction_id)),
      shipments: own(details),
    };
  });
}

/** What the transactions of an order come to, in cents. */
function moneyOf({ order, transactions, credits }: OrderBooks) {
  const paid = centsOf(transactions.filter(({ is_paid }) => is_paid).map(({ amount }) => amount));
  const refunded = centsOf(transactions.map(({ refunded_total }) => refunded_total));
  const credited = centsOf(credits.filter(({ kind }) => kind !== 'correction').map(({ amount }) => amount));
  const total = cents(order.total);
  const due = order.status === 'cancelled' ? 0 : total - credited;
  return { total, paid, refunded, credited, net: paid - refunded, due, owed: Math.max(0, due - (paid - refunded)) };
}

/** The rule of docs/money.md, written once more. */
function expectedPaymentStatus({ order }: OrderBooks, money: ReturnType<typeof moneyOf>): string {
  const { net, refunded, credited, due, total } = money;
  if (order.status === 'cancelled') {
    if (net === 0) return refunded > 0 ? 'refunded' : 'not_paid';
    if (refunded > 0) return 'partially_refunded';
    return net < total ? 'partially_paid' : 'paid';
  }
  if (net < due) return net === 0 ? 'not_paid' : 'partially_paid';
  if (credited === 0) return 'paid';
  return net === 0 ? 'refunded' : 'partially_refunded';
}

function compareOrder(books: OrderBooks): void {
  const { order, invoices, transactions, credits, shipments } = books;
  const money = moneyOf(books);
  const seen = JSON.stringify({
    order: { ...order, items: undefined },
    money,
    invoices,
    transactions,
    credits,
    shipments,
  });
  const must = (holds: boolean, sentence: string) => assert.ok(holds, `${sentence}\n${seen}`);

  must(centsOf(credits.map(({ amount }) => amount)) === money.refunded, 'credit notes are what was refunded');
  must(
    order.payment_status === expectedPaymentStatus(books, money),
    'the payment status follows from the transactions',
  );
  const open = transactions.filter(({ status }) => status === 'open' || status === 'processing');
  must(centsOf(open.map(({ amount }) => amount)) <= money.owed, 'no more is charged than is owed');

  must(shipments.length === 1, 'an order has one shipment');
  const [parcel] = shipments;
  const steps = parcel?.history.map(({ status }) => status) ?? [];
  // One that failed and came back is in the shop again.
  const since = steps.slice(steps.lastIndexOf('failed') + 1);
  const left = ['shipped', 'in_transit', 'delivered'].some((status) => since.includes(status));
  if (order.status === 'cancelled') {
    must(!left, 'no parcel of a cancelled order has left');
    must(parcel?.status === 'cancelled', 'the parcel of a cancelled order is stopped');
    must(money.net === 0, 'all money of a cancelled order is given back');
  }
  const complete = steps.includes('delivered') && money.owed === 0 && order.status !== 'cancelled';
  must((order.status === 'completed') === complete, 'an order is completed when it is delivered and nothing is owed');

  const living = invoices.filter(({ status }) => status !== 'cancelled');
  must(living.length <= 1, 'an order has one living invoice');
  for (const invoice of living) {
    must(cents(invoice.total) === money.total, 'an invoice is over what was ordered');
    const settled = order.status === 'cancelled' ? true : money.owed === 0;
    must((invoice.status === 'paid') === settled, 'an invoice is paid when nothing is owed');
  }
}

/** Every unit that was put in is on hand, held by a living order, or shipped with it. */
async function compareStock({ staff }: WalkedShop, trail: Trail, books: readonly OrderBooks[]): Promise<void> {
  const taken = new Map<number, number>();
  for (const { order } of books) {
    if (order.status === 'cancelled') continue;
    for (const { product_id, quantity } of order.items) taken.set(product_id, (taken.get(product_id) ?? 0) + quantity);
  }
  for (const [product_id, units] of trail.putIn) {
    const { stock_quantity } = await read(staff.get<{ stock_quantity: number }>(`/products/${product_id}`));
    assert.equal(stock_quantity + (taken.get(product_id) ?? 0), units, `the units of product ${product_id}`);
  }
}

/** Numbers of documents, of all customers, have no gap and come once. */
async function compareSeries({ staff }: WalkedShop): Promise<void> {
  const [invoices, credits] = await Promise.all([
    all<Invoice>(staff, '/invoices?all=true'),
    all<CreditNote>(staff, '/credit-notes?all=true'),
  ]);
  const numbers = [
    ...invoices.map(({ invoice_number }) => invoice_number),
    ...credits.flatMap(({ number }) => (number === null ? [] : [number])),
  ];
  const series = Map.groupBy(numbers, (number) => number.slice(0, number.lastIndexOf('-')));
  for (const [name, all] of series) {
    const nths = all.map((number) => Number(number.slice(number.lastIndexOf('-') + 1))).sort((a, b) => a - b);
    assert.deepEqual(
      nths,
      nths.map((_, n) => n + 1),
      `the series ${name}`,
    );
  }
}

async function compareLedger({ staff }: WalkedShop): Promise<void> {
  const check = await read(staff.get<{ ok: boolean }>('/ledger/check'));
  assert.ok(check.ok, `the ledger: ${JSON.stringify(check)}`);
  const accounts = await all<{ account: string; currency: string; balance: number }>(staff, '/ledger/accounts');
  const transactions = await all<Transaction>(staff, '/transactions/list?all=true');
  assert.equal(centsOf(accounts.map(({ balance }) => balance)), 0, 'the ledger sums to zero');
  const held = accounts.filter(({ account }) => /^(cash|outside)\//.test(account)).map(({ balance }) => balance);
  const paid = transactions.filter(({ is_paid }) => is_paid).map(({ amount }) => amount);
  const refunded = transactions.map(({ refunded_total }) => refunded_total);
  assert.equal(centsOf(held), centsOf(paid) - centsOf(refunded), 'cash is what was paid and not given back');
}

async function compareFigures({ staff }: WalkedShop): Promise<void> {
  const check = await read(staff.get<{ agrees: boolean }>('/stats/check'));
  assert.ok(check.agrees, `the figures: ${JSON.stringify(check)}`);
}
