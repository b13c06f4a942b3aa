import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestAnswer, TestClient } from '../../../testing/client.ts';
import { settle } from '../../../testing/settle.ts';
import { type World, world } from '../../../testing/world.ts';
import { type FakeStripe, fakeStripe, WEBHOOK_SECRET } from './stripe.fixture.ts';

/** The fields that these tests look at. */
interface Seen {
  readonly id: number;
  readonly invoice_id: number;
  readonly status: string;
  readonly code: string;
  readonly open: number;
}

const read = ({ body }: TestAnswer) => body as unknown as Seen;

let stripe: FakeStripe;
let shop: World;
let admin: TestClient;
let alice: TestClient;

before(async () => {
  stripe = await fakeStripe();
  shop = await world({
    env: {
      PAYMENT_PROVIDER: 'stripe',
      STRIPE_SECRET_KEY: 'sk_test_tradepost',
      STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
      STRIPE_API_URL: stripe.url,
    },
  });
  [admin, alice] = await Promise.all([shop.as('admin'), shop.as('alice')]);
});

after(async () => {
  await shop.close();
  await stripe.close();
});

test('while a provider may capture, an invoice is neither paid by hand nor cancelled; then its money decides', async () => {
  const placed = await alice.post<{ order_id: number }>('/orders/single', { product_id: 2, quantity: 1 });
  const { invoice_id } = read(await alice.post('/invoices', { order_id: placed.body.order_id }));
  const { id } = read(await alice.post('/transactions', { amount: 32.99, description: 'a mouse', invoice_id }));
  // The customer has to confirm it at the provider: it waits, and may be captured at any moment.
  assert.equal((await alice.post('/transactions/pay', { payment_method: 'pm_card_asks_customer' })).status, 200);
  assert.equal(read(await alice.get(`/transactions/${id}`)).status, 'processing');
  for (const status of ['paid', 'cancelled']) {
    const answer = await admin.put(`/invoices/${invoice_id}`, { status });
    assert.deepEqual([answer.status, read(answer).code], [409, 'PAYMENT_CAPTURE_RUNNING'], status);
  }
  assert.equal(read(await admin.get(`/invoices/${invoice_id}`)).status, 'draft');

  const intent = [...stripe.intents.values()].at(-1);
  assert.ok(intent);
  intent.status = 'requires_capture';
  const { body, headers } = stripe.event('payment_intent.amount_capturable_updated', intent);
  assert.equal((await shop.guest.raw('POST', '/payment/webhooks/stripe', body, headers)).status, 200);
  await settle(async () => assert.equal(read(await admin.get(`/invoices/${invoice_id}`)).status, 'paid'));
  assert.equal(
    read(await admin.put(`/invoices/${invoice_id}`, { status: 'cancelled' })).code,
    'INVOICE_ILLEGAL_STATUS',
  );
  const again = await admin.put(`/invoices/${invoice_id}`, { status: 'paid', payment: { method: 'cash' } });
  assert.deepEqual([again.status, read(again).code], [409, 'PAYMENT_INVOICE_PAID']);
  assert.equal(stripe.captures.length, 1);
});
