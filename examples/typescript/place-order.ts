import { randomUUID } from 'node:crypto';
import createClient from 'openapi-fetch';
import type { components, paths } from './tradepost.ts';

// Signs in, orders one of the first product that is there, and prints the order.

type Problem = components['schemas']['Problem'];
type Order = components['schemas']['Order'];

const [url = 'http://127.0.0.1:8080', username = 'ada', password = 'a long password'] = process.argv.slice(2);
const api = createClient<paths>({ baseUrl: url });

/** The answer; throws with the sentence and the remedy of the problem when there is none. */
function answerOf<T>({ data, error }: { data?: T; error?: Problem }): T {
  if (data === undefined) throw new Error(error ? `${error.detail}. ${error.remedy}` : 'no answer');
  return data;
}

async function placeOrder(product_id: number, quantity: number): Promise<Order> {
  return answerOf(
    await api.POST('/orders', {
      // With a key, sending it again after a lost answer places no second order.
      params: { header: { 'Idempotency-Key': randomUUID() } },
      body: { items: [{ product_id, quantity }] },
    }),
  );
}

const { token } = answerOf(await api.POST('/login', { body: { username, password } }));
api.use({
  onRequest({ request }) {
    request.headers.set('authorization', `Bearer ${token}`);
  },
});
const [product] = answerOf(await api.GET('/products', { params: { query: { in_stock: true, limit: 1 } } }));
if (!product) throw new Error('nothing is in stock');
const order = await placeOrder(product.product_id, 1);
process.stdout.write(`${JSON.stringify(order, null, 2)}\n`);
