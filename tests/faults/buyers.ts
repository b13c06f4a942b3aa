import { setTimeout as sleep } from 'node:timers/promises';
import type { Shop } from './shop.ts';

/** What buyers were told, and so may rely on. */
export interface Journal {
  readonly orders: Set<number>;
  readonly invoices: Set<number>;
  /** Transactions that were confirmed as paid. */
  readonly paid: Set<number>;
}

/** Buyers who order, have it invoiced and pay, again and again, and repeat whatever got no answer. */
export interface Buyers {
  readonly journal: Journal;
  readonly admin: string;
  /** Lets each finish what it began, and resolves then. */
  stop(): Promise<void>;
}

interface BuyersOptions {
  readonly shop: Shop;
  readonly count: number;
  /** Milliseconds between two rounds of one buyer. */
  readonly pause: number;
}

type Body = Record<string, unknown>;
const PASSWORD = 'password123';
const MOUSE = 2;

/** Registers an admin and the buyers, and sets them going. */
export async function startBuyers({ shop, count, pause }: BuyersOptions): Promise<Buyers> {
  const journal: Journal = { orders: new Set(), invoices: new Set(), paid: new Set() };
  const admin = await account(shop, 'boss');
  let stopped = false;

  async function buyer(nth: number): Promise<void> {
    const token = await account(shop, `buyer-${nth}`);
    const send = (path: string, body: Body, key: string) => insist(shop, path, body, token, `${nth}-${key}`);
    for (let round = 0; !stopped; round++) {
      const order = await send('/orders/single', { product_id: MOUSE, quantity: 1 + (round % 3) }, `order-${round}`);
      journal.orders.add(order.order_id as number);
      const invoice = await send('/invoices', { order_id: order.order_id }, `invoice-${round}`);
      journal.invoices.add(invoice.invoice_id as number);
      const due = { amount: invoice.total, description: 'order', invoice_id: invoice.invoice_id };
      const transaction = await send('/transactions', due, `transaction-${round}`);
      const { transactions } = await send('/transactions/pay', {}, `pay-${round}`);
      for (const { id } of transactions as { id: number }[]) journal.paid.add(id);
      if (!journal.paid.has(transaction.id as number)) throw new Error(`transaction ${transaction.id} was not paid`);
      await sleep(pause);
    }
  }

  const going = Array.from({ length: count }, (_, nth) => buyer(nth + 1));
  // Whoever fails says so at the end; until then nobody waits.
  for (const one of going) one.catch(() => undefined);
  return {
    journal,
    admin,
    async stop() {
      stopped = true;
      await Promise.all(going);
    },
  };
}

async function account(shop: Shop, username: string): Promise<string> {
  const credentials = { username, password: PASSWORD };
  const made = await insist(shop, '/register', credentials, undefined, `register-${username}`);
  return String(made.token);
}

/** Sends until there is an answer: what was refused with a reason is an error, what was not answered is sent again. */
async function insist(shop: Shop, path: string, body: Body, token: string | undefined, key: string): Promise<Body> {
  for (;;) {
    const answer = await send(shop, path, body, token, key).catch(() => undefined);
    if (answer && answer.status < 300) return answer.body;
    if (answer && answer.status < 500 && answer.status !== 409) {
      throw new Error(`${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    }
    await sleep(20);
  }
}

async function send(shop: Shop, path: string, body: Body, token: string | undefined, key: string) {
  const response = await fetch((await shop.url()) + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'idempotency-key': key,
      ...(token && { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
  return { status: response.status, body: (await response.json()) as Body };
}
