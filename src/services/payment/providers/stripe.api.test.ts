import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestAnswer, TestClient } from '../../../testing/client.ts';
import { settle } from '../../../testing/settle.ts';
import { testApart } from '../../../testing/shapes.ts';
import { startSystem } from '../../../testing/system.ts';
import { type World, world } from '../../../testing/world.ts';
import { type FakeStripe, fakeStripe, WEBHOOK_SECRET } from './stripe.fixture.ts';

interface Seen {
  readonly id: number;
  readonly status: string;
  readonly transactions_paid: number;
  readonly total_paid: number;
  readonly code: string;
  readonly error: string;
  readonly number: string | null;
  readonly credit_note_id: number;
  readonly order_id: number;
  readonly invoice_id: number;
  readonly ok: boolean;
  readonly payment: { readonly payment_id: number; readonly status: string; readonly client_secret?: string };
}

const read = ({ body }: TestAnswer) => body as unknown as Seen;
const readList = ({ body }: TestAnswer) => body as unknown as Seen[];

let stripe: FakeStripe;
let shop: World;
let env: Record<string, string>;
let admin: TestClient;
let customers = 0;

before(async () => {
  stripe = await fakeStripe();
  env = {
    PAYMENT_PROVIDER: 'stripe',
    STRIPE_SECRET_KEY: 'sk_test_tradepost',
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    STRIPE_API_URL: stripe.url,
  };
  shop = await world({ env });
  admin = await shop.as('admin');
});

after(async () => {
  await shop.close();
  await stripe.close();
});

const customer = (): Promise<TestClient> => shop.as(`customer-${++customers}`);
const due = async (who: TestClient, amount = 40, more: object = {}) =>
  read(await who.post('/transactions', { amount, description: 'a coffee', ...more }));
const pay = (who: TestClient, payment_method?: string, headers = {}) =>
  who.post('/transactions/pay', { payment_method }, headers);
const say = (type: string, object: object, id?: string) => {
  const { body, headers } = stripe.event(type, object, id);
  return shop.guest.raw('POST', '/payment/webhooks/stripe', body, headers);
};
const statusOf = async (who: TestClient, id: number) => read(await who.get(`/transactions/${id}`)).status;
const newest = () => [...stripe.intents.values()].at(-1) ?? assert.fail('nobody asked for money');

// Events may move the order at the same moment; whoever is told so asks again.
async function cancelled(who: TestClient, order_id: number): Promise<void> {
  await settle(async () => {
    const { status, body } = await who.post(`/orders/${order_id}/cancel`);
    assert.equal(status, 200, JSON.stringify(body));
  });
}

test('a card is authorised, captured once, and then all is paid', async () => {
  const alice = await customer();
  const { id } = await due(alice);
  const paid = await pay(alice, 'pm_card');
  assert.deepEqual([paid.status, read(paid).transactions_paid, read(paid).total_paid], [200, 1, 40]);
  assert.equal(read(paid).payment.status, 'captured');
  assert.deepEqual([newest().status, newest().amount, newest().currency], ['succeeded', 4000, 'usd']);
  assert.equal(await statusOf(alice, id), 'paid');
  assert.equal(stripe.captures.filter((one) => one === newest().id).length, 1);
});

test('a declined card leaves all open, and nothing that could succeed later', async () => {
  const alice = await customer();
  const { id } = await due(alice);
  const refused = await pay(alice, 'pm_card_declined');
  assert.deepEqual([refused.status, read(refused).error], [409, 'the payment was declined: Your card was declined.']);
  assert.deepEqual([await statusOf(alice, id), newest().status], ['open', 'canceled']);
  assert.equal(read(await pay(alice, 'pm_card')).transactions_paid, 1);
});

test('what waits for the customer is set aside, and paid when the provider says so: once, early or late', async () => {
  const alice = await customer();
  const { id } = await due(alice);
  const waits = read(await pay(alice, 'pm_card_asks_customer'));
  assert.deepEqual([waits.transactions_paid, waits.payment.status], [0, 'started']);
  assert.ok(waits.payment.client_secret);
  assert.equal(await statusOf(alice, id), 'processing');
  assert.equal(read(await pay(alice, 'pm_card')).transactions_paid, 0);
  const intent = newest();
  // What was said before it happened: what counts is how the payment stands.
  assert.equal((await say('payment_intent.succeeded', intent)).status, 200);
  assert.equal(await statusOf(alice, id), 'processing');
  intent.status = 'requires_capture';
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => say('payment_intent.amount_capturable_updated', intent, 'evt_same')),
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    Array(5).fill(200),
  );
  assert.equal(await statusOf(alice, id), 'paid');
  assert.equal(
    (await say('payment_intent.payment_failed', { ...intent, status: 'requires_payment_method' })).status,
    200,
  );
  assert.equal(await statusOf(alice, id), 'paid');
  assert.equal(stripe.captures.filter((one) => one === intent.id).length, 1);
});

test('a message that the provider did not sign is refused, and so is one that was changed', async () => {
  const { body, headers } = stripe.event('payment_intent.succeeded', { metadata: {} });
  const send = (text: string, more: Record<string, string>) => shop.guest.raw('POST', '/webhooks/stripe', text, more);
  assert.equal((await send(body, headers)).status, 200);
  assert.equal((await send(`${body} `, headers)).status, 400);
  assert.equal((await send(body, { ...headers, 'stripe-signature': 't=1,v1=00' })).status, 400);
  assert.equal((await send(body, { 'content-type': 'application/json' })).status, 400);
  assert.equal((await send('', headers)).status, 400);
});

test('a message about a payment of another installation changes nothing here', async () => {
  const alice = await customer();
  const { id } = await due(alice);
  const { payment } = read(await pay(alice, 'pm_card_asks_customer'));
  newest().status = 'requires_capture';
  const stranger = { metadata: { tradepost: `${payment.payment_id} 2020-01-01T00:00:00.000Z` } };
  assert.equal((await say('payment_intent.succeeded', stranger)).status, 200);
  assert.equal(await statusOf(alice, id), 'processing');
});

test('a request that is repeated goes on with the payment that it began, and charges once', async () => {
  const alice = await customer();
  await due(alice);
  const before = stripe.intents.size;
  // Every answer to the capture is lost, until the SDK gives up: the request fails, the money has moved.
  stripe.lose('/capture', 3);
  const key = { 'idempotency-key': 'charge-once' };
  const lost = await pay(alice, 'pm_card', key);
  assert.equal(lost.status, 503);
  const again = read(await pay(alice, 'pm_card', key));
  assert.deepEqual([again.transactions_paid, again.payment.status], [1, 'captured']);
  assert.deepEqual(read(await pay(alice, 'pm_card', key)).transactions_paid, 1);
  assert.equal((await pay(alice, 'pm_card_other', key)).status, 422);
  assert.equal(stripe.intents.size, before + 1);
  assert.equal(stripe.captures.filter((one) => one === newest().id).length, 1);
});

test('what a crash interrupted is settled by the job, and charged once', async () => {
  const alice = await customer();
  const { id } = await due(alice);
  stripe.lose('/capture', 3);
  await pay(alice, 'pm_card');
  assert.equal(await statusOf(alice, id), 'processing');
  const system = await startSystem(shop.databaseUrl, env);
  const later = (minutes: number) => ({
    actor: { kind: 'system' as const },
    now: new Date(Date.now() + minutes * 60_000).toISOString(),
    trace: '',
    requestId: 'job',
  });
  await system.services.payment.settle(later(0), {});
  assert.equal(await statusOf(alice, id), 'processing');
  await system.services.payment.settle(later(2), {});
  assert.equal(await statusOf(alice, id), 'paid');
  assert.equal(stripe.captures.filter((one) => one === newest().id).length, 1);
  const bob = await customer();
  const left = await due(bob);
  await pay(bob, 'pm_card_asks_customer');
  await system.services.payment.settle(later(90), {});
  assert.deepEqual([await statusOf(bob, left.id), newest().status], ['open', 'canceled']);
  await system.close();
});

test('a refund goes through the provider, once, and its credit note comes with the money', async () => {
  const alice = await customer();
  const { id } = await due(alice);
  await pay(alice, 'pm_card');
  const refund = (amount: number, headers = {}) =>
    admin.post(`/transactions/${id}/refund`, { amount, reason: 'late' }, headers);
  const done = read(await refund(10, { 'idempotency-key': 'back-once' }));
  assert.deepEqual([done.status, typeof done.number], ['done', 'string']);
  await refund(10, { 'idempotency-key': 'back-once' });
  stripe.lose('POST /v1/refunds', 3);
  const unknown = read(await refund(5));
  assert.deepEqual([unknown.status, unknown.number], ['started', null]);
  stripe.slowRefunds(true);
  const slow = read(await refund(7));
  stripe.slowRefunds(false);
  assert.deepEqual([slow.status, slow.number], ['started', null]);
  assert.equal(read(await refund(25)).code, 'PAYMENT_REFUND_TOO_LARGE');
  const given = [...stripe.refunds.values()].filter((one) => one.payment_intent === newest().id);
  assert.deepEqual(
    given.map(({ amount }) => amount),
    [1000, 500, 700],
  );
  const last = given.at(-1) ?? assert.fail();
  last.status = 'succeeded';
  for (const one of given) await say('refund.updated', one);
  await say('refund.updated', last);
  const notes = readList(await alice.get('/credit-notes'));
  assert.deepEqual(
    notes.map(({ status }) => status),
    ['done', 'done', 'done'],
  );
  assert.equal(new Set(notes.map(({ number }) => number)).size, 3);
  assert.equal(read(await admin.get('/ledger/check')).ok, true);
});

test('an order that is cancelled while its payment waits is given back when the money comes after all', async () => {
  const alice = await customer();
  const { order_id } = read(await alice.post('/orders', { items: [{ product_id: 2, quantity: 1 }] }));
  const { invoice_id } = read(await alice.post('/invoices', { order_id }));
  const { id } = await due(alice, 10, { invoice_id });
  await pay(alice, 'pm_card_asks_customer');
  const intent = newest();
  await cancelled(alice, order_id);
  await settle(async () => assert.equal(read(await alice.get(`/invoices/${invoice_id}`)).status, 'cancelled'));
  intent.status = 'requires_capture';
  await say('payment_intent.amount_capturable_updated', intent);
  await settle(async () => assert.equal(await statusOf(alice, id), 'refunded'));
  assert.equal([...stripe.refunds.values()].filter((one) => one.payment_intent === intent.id).length, 1);
});

test('what a provider captures after its payment had failed is given back, once', async () => {
  const alice = await customer();
  const { id } = await due(alice);
  await pay(alice, 'pm_card_asks_customer');
  const intent = newest();
  const system = await startSystem(shop.databaseUrl, env);
  const now = new Date(Date.now() + 90 * 60_000).toISOString();
  await system.services.payment.settle({ actor: { kind: 'system' }, now, trace: '', requestId: 'job' }, {});
  await system.close();
  assert.deepEqual([await statusOf(alice, id), intent.status], ['open', 'canceled']);
  assert.equal((await alice.delete(`/transactions/${id}`)).status, 200);
  // Whatever the reason: the provider has the money.
  intent.status = 'succeeded';
  const answers = await Promise.all(Array.from({ length: 4 }, () => say('payment_intent.succeeded', intent)));
  assert.ok(answers.every(({ status }) => status === 200 || status === 409));
  await say('payment_intent.succeeded', intent);
  assert.equal(await statusOf(alice, id), 'voided');
  const given = [...stripe.refunds.values()].filter((one) => one.payment_intent === intent.id);
  assert.deepEqual(
    given.map(({ amount }) => amount),
    [4000],
  );
  await settle(async () => {
    const [late] = (await alice.get('/transactions/list')).body as unknown as { status: string; amount: number }[];
    assert.deepEqual([late?.status, late?.amount], ['refunded', 40]);
  });
  assert.equal((await due(alice, 1000)).status, 'open', 'what was given back does not count for the limit');
  const check = read(await admin.get('/ledger/check'));
  assert.equal(check.ok, true, JSON.stringify(check));
});

testApart('through the gateway of separate processes a signed message arrives as it was signed', async () => {
  const apart = await world({ processes: 'each', env });
  await apart.as('admin');
  const alice = await apart.as('alice');
  const { id } = await due(alice);
  await pay(alice, 'pm_card_asks_customer');
  const intent = newest();
  intent.status = 'requires_capture';
  const { body, headers } = stripe.event('payment_intent.amount_capturable_updated', {
    ...intent,
    description: 'Zoë – ✓',
  });
  assert.equal((await apart.guest.raw('POST', '/payment/webhooks/stripe', `${body} `, headers)).status, 400);
  assert.equal((await apart.guest.raw('POST', '/payment/webhooks/stripe', body, headers)).status, 200);
  assert.equal(await statusOf(alice, id), 'paid');
  assert.equal(read(await alice.post(`/payment/transactions/pay?user_id=${alice.id}`)).transactions_paid, 0);
  await apart.close();
});
