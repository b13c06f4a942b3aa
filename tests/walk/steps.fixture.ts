import type { TestAnswer } from '../../src/testing/client.ts';
import { all, type Invoice, type Order, type Transaction, type WalkedShop } from './shop.fixture.ts';

/** What the walk has made so far. */
export interface Trail {
  readonly products: readonly number[];
  readonly orders: number[];
  /** Units that were put in since the beginning, by product. */
  readonly putIn: Map<number, number>;
}

/** Three numbers from which a step takes what it needs: which order, how much, which way. */
export interface Dice {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

type Answer = TestAnswer<unknown> | undefined;
type Step = (shop: WalkedShop, trail: Trail, dice: Dice) => Promise<Answer>;

const pick = <T>(from: readonly T[], n: number): T | undefined =>
  from.length === 0 ? undefined : from[n % from.length];
/** Of the newest orders, mostly: a walk that comes back to the same order often finds more than one over many. */
const anOrder = ({ orders }: Trail, { a }: Dice): number | undefined => pick(orders.slice(-4), a);

async function invoiceOf({ staff }: WalkedShop, order_id: number): Promise<Invoice | undefined> {
  const { status, body } = await staff.get<Invoice>(`/invoices/order/${order_id}`);
  return status === 200 ? body : undefined;
}

const transactionsOf = async ({ staff, customer }: WalkedShop, order_id: number): Promise<Transaction[]> =>
  (await all<Transaction>(staff, `/transactions/list?user_id=${customer.id}`)).filter(
    (one) => one.order_id === order_id,
  );

/** A part of an amount, in whole cents: all of it half of the time, and now and then more. */
function partOf(amount: number, { b, c }: Dice): number {
  if (c % 2 === 0) return amount;
  if (c % 13 === 1) return amount + 1;
  return Math.max(0.01, Math.round(amount * (b % 100)) / 100);
}

const STATUSES = ['packed', 'shipped', 'in_transit', 'delivered', 'failed', 'returned', 'cancelled'];
const WAY = ['pending', 'packed', 'shipped', 'in_transit', 'delivered'];

async function place({ customer }: WalkedShop, trail: Trail, { a, b, c }: Dice): Promise<Answer> {
  const items = trail.products
    .filter((_, n) => (a >> n) % 2 === 1 || n === a % trail.products.length)
    .map((product_id, n) => ({ product_id, quantity: 1 + ((b + n * c) % 3) }));
  const answer = await customer.post<Order>('/orders', { items });
  if (answer.status === 201) trail.orders.push(answer.body.order_id);
  return answer;
}

const onOrder =
  (step: (shop: WalkedShop, order_id: number, dice: Dice) => Promise<Answer>): Step =>
  async (shop, trail, dice) => {
    const order_id = anOrder(trail, dice);
    return order_id === undefined ? undefined : step(shop, order_id, dice);
  };

const onInvoice = (step: (shop: WalkedShop, invoice: Invoice, dice: Dice) => Promise<Answer>): Step =>
  onOrder(async (shop, order_id, dice) => {
    const invoice = await invoiceOf(shop, order_id);
    return invoice && step(shop, invoice, dice);
  });

const onTransaction = (step: (shop: WalkedShop, one: Transaction, dice: Dice) => Promise<Answer>): Step =>
  onOrder(async (shop, order_id, dice) => {
    const one = pick(await transactionsOf(shop, order_id), dice.b);
    return one && step(shop, one, dice);
  });

const onShipment = (
  step: (shop: WalkedShop, shipment_id: number, dice: Dice, status: string) => Promise<Answer>,
): Step =>
  onOrder(async (shop, order_id, dice) => {
    const { status, body } = await shop.staff.get<{ shipment_id: number; status: string }>(
      `/shipments/order/${order_id}`,
    );
    return status === 200 ? step(shop, body.shipment_id, dice, body.status) : undefined;
  });

/** Moves a parcel: mostly one step on, now and then anywhere, with the words that it needs or without. */
const ship = onShipment(async ({ staff }, shipment_id, { b, c }, from) => {
  const next = WAY[WAY.indexOf(from) + 1 + (b % 5 === 4 ? 1 : 0)];
  const status = (c % 4 === 0 ? undefined : next) ?? pick(STATUSES, b) ?? 'packed';
  const skip = WAY.slice(WAY.indexOf(from) + 1, Math.max(0, WAY.indexOf(status)));
  const words = b % 3 === 0 ? {} : { unpaid: true, ...(skip.length > 0 && { skip }) };
  return staff.put(`/shipments/${shipment_id}`, { status, ...words });
});

const METHODS = ['bank_transfer', 'cash', 'cheque'];

/** Everything that a customer, the staff, a carrier or a provider may do, in any state and with any amount. */
export const STEPS = {
  place,
  cancel: onOrder(({ customer, staff }, order_id, { b }) =>
    (b % 3 ? customer : staff).post(`/orders/${order_id}/cancel`),
  ),
  invoice: onOrder(({ customer }, order_id) => customer.post('/invoices', { order_id })),
  send: onInvoice(({ staff }, { invoice_id }) => staff.put(`/invoices/${invoice_id}`, { status: 'sent' })),
  payByHand: onInvoice(({ staff }, { invoice_id, total }, dice) =>
    staff.put(`/invoices/${invoice_id}`, {
      status: 'paid',
      ...(dice.b % 2 && {
        payment: {
          method: pick(METHODS, dice.a),
          reference: `slip ${dice.a}`,
          date: new Date().toISOString().slice(0, 10),
          amount: partOf(total, dice),
        },
      }),
    }),
  ),
  cancelInvoice: onInvoice(({ staff }, { invoice_id }) =>
    staff.put(`/invoices/${invoice_id}`, { status: 'cancelled' }),
  ),
  charge: onInvoice(({ customer }, { invoice_id, total }, dice) =>
    customer.post('/transactions', { amount: partOf(total, dice), description: 'a part', invoice_id }),
  ),
  payAll: async ({ customer }: WalkedShop) => customer.post('/transactions/pay', {}),
  payInvoice: onInvoice(({ customer }, { invoice_id }) => customer.post('/transactions/pay', { invoice_id })),
  payOne: onTransaction(({ customer }, { id }) => customer.post('/transactions/pay', { transaction_ids: [id] })),
  withdraw: onTransaction(({ customer }, { id }) => customer.delete(`/transactions/${id}`)),
  refund: onTransaction(({ staff }, { id, amount }, dice) =>
    staff.post(`/transactions/${id}/refund`, {
      ...(dice.c % 3 && { amount: partOf(amount, dice) }),
      reason: 'a walk',
      ...(dice.b % 3 && { kind: dice.b % 3 === 1 ? 'credit' : 'correction' }),
    }),
  ),
  ship,
  putIn: async ({ staff }: WalkedShop, { products, putIn }: Trail, { a, b }: Dice) => {
    const product_id = pick(products, a);
    const quantity = (b % 7) - 2 || 1;
    const answer = await staff.post(`/products/${product_id}/stock-adjustments`, { quantity, reason: 'a count' });
    if (answer.status < 300 && product_id !== undefined) putIn.set(product_id, (putIn.get(product_id) ?? 0) + quantity);
    return answer;
  },
} satisfies Record<string, Step>;

export type StepName = keyof typeof STEPS;
