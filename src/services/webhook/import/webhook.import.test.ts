import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { AppError } from '../../../platform/contract/errors.ts';
import { type Database, openDatabase } from '../../../platform/db/postgres/postgres.ts';
import { postgresStore } from '../../../platform/db/postgres/store/store.ts';
import { testDatabase } from '../../../testing/databases.ts';
import { eachEngine } from '../../../testing/engines.ts';
import type { ExportPage, Received } from '../../payment/webhook-export/payment.webhook-export.contract.ts';
import { webhookPostgres } from '../postgres/webhook.repository.postgres.ts';
import { webhookContract } from '../webhook.contract.ts';
import { at, NOW } from '../webhook.fixture.ts';
import { rotate } from '../webhook.model.ts';
import type { WebhookRepository } from '../webhook.repository.ts';
import { webhookImport } from './webhook.import.ts';

const CUT = { cut_at: NOW, last_endpoint_id: 40, last_delivery_id: 50 };
const uuid = (n: number): string => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;

const anEndpoint = (endpoint_id: number, more: object = {}): ExportPage['endpoints'][number] => ({
  endpoint_id,
  user_id: 2,
  url: 'https://example.com/hook',
  types: ['payment.captured'],
  everyone: false,
  status: 'active',
  disabled_reason: null,
  secret: 'whsec_c2V2ZW4=',
  previous_secret: null,
  previous_until: null,
  failing_since: null,
  created_at: NOW,
  version: 3,
  ...more,
});

const aDelivery = (delivery_id: number, message = delivery_id): ExportPage['deliveries'][number] => ({
  delivery_id,
  endpoint_id: 7,
  message_id: uuid(message),
  type: 'payment.captured',
  time: NOW,
  data: '{"amount":1.50}',
  status: 'waiting',
  tries: 1,
  next_at: NOW,
  created_at: NOW,
  attempts: [{ at: NOW, status: 500, error: null, ms: 9 }],
});

/** Payment with these endpoints and deliveries, two on a page; `trouble` may stand in the way of an answer. */
function aPayment(left: { endpoints: ExportPage['endpoints']; deliveries: ExportPage['deliveries'] }) {
  const asked: Received[] = [];
  let { endpoints, deliveries } = left;
  return {
    asked,
    trouble: undefined as undefined | (() => void),
    async exportWebhooks(_ctx: unknown, received: Received): Promise<ExportPage> {
      asked.push(received);
      this.trouble?.();
      endpoints = endpoints.filter(({ endpoint_id }) => !received.endpoints.includes(endpoint_id));
      deliveries = deliveries.filter(({ delivery_id }) => !received.deliveries.includes(delivery_id));
      const page = endpoints.length > 0 ? [] : deliveries.slice(0, 2);
      return { ...CUT, endpoints: endpoints.slice(0, 2), deliveries: page, more: deliveries.length > 0 };
    },
  };
}

const away = () => {
  throw new AppError('TRADEPOST_UNAVAILABLE', 'unavailable', 'payment does not answer');
};

eachEngine('the import of what payment kept of webhooks', (engine) => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let db: Database;
  let webhooks: WebhookRepository;

  before(async () => {
    database = await testDatabase(engine);
    db = openDatabase(database.url);
  });
  beforeEach(async () => {
    await db.script(`truncate tradepost_webhook.endpoints, tradepost_webhook.deliveries, tradepost_webhook.attempts,
      tradepost_webhook.payment_import restart identity; alter sequence tradepost_webhook.endpoint_ids restart`);
    webhooks = webhookPostgres(postgresStore(db, webhookContract));
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  const importing = (payment: ReturnType<typeof aPayment>) =>
    webhookImport({
      imports: webhooks.imports,
      payment,
      checkRole: async () => undefined,
      log: { warn: () => undefined },
    });
  const rows = (text: string) => db.query<Record<string, unknown>>({ name: '', text });
  const deliveries = () => rows('select delivery_id, message_id from tradepost_webhook.deliveries order by 1');
  const message = (n: number) => ({
    event_id: uuid(n),
    type: 'payment.captured',
    time: NOW,
    data: '{}',
    user_id: 2,
  });

  test('it ends when all is here, with ids that go on after those of payment', async () => {
    const payment = aPayment({
      endpoints: [anEndpoint(7), anEndpoint(8), anEndpoint(9)],
      deliveries: [aDelivery(1), aDelivery(2), aDelivery(3)],
    });
    const imported = importing(payment);
    assert.equal(await imported.isReady(), false);
    assert.equal(await imported.cut(), NOW);
    await imported.rest();
    assert.equal((await deliveries()).length, 3);
    assert.equal((await webhooks.get(7)).secret, 'whsec_c2V2ZW4=');
    assert.ok((await webhooks.ids.next()) > CUT.last_endpoint_id);
    await webhooks.deliveries.enqueue(message(99));
    assert.ok(Number((await deliveries()).at(-1)?.delivery_id) > CUT.last_delivery_id);
    assert.equal(await importing(aPayment({ endpoints: [], deliveries: [] })).isReady(), true);
  });

  test('a crash before a page is acknowledged repeats it: nothing is there twice, and what changed here stays', async () => {
    const payment = aPayment({ endpoints: [anEndpoint(7)], deliveries: [aDelivery(1), aDelivery(2)] });
    const page = await payment.exportWebhooks(undefined, { endpoints: [], deliveries: [] });
    await webhooks.imports.save(page);
    await webhooks.save(at(), rotate(await webhooks.get(7), 'whsec_bmV3', at()));
    await webhooks.imports.save(page);
    assert.equal((await webhooks.get(7)).secret, 'whsec_bmV3');
    const imported = importing(payment);
    await imported.cut();
    await imported.rest();
    // As after a restart: the same page once more.
    await webhooks.imports.save({ ...CUT, endpoints: [], deliveries: [aDelivery(1), aDelivery(2)], more: true });
    assert.equal((await deliveries()).length, 2);
    assert.deepEqual(await rows('select count(*) as n from tradepost_webhook.attempts'), [{ n: 2 }]);
  });

  test('while payment is away nothing is answered, and then it goes on where it stood', async () => {
    const payment = aPayment({ endpoints: [anEndpoint(7), anEndpoint(8), anEndpoint(9)], deliveries: [aDelivery(1)] });
    payment.trouble = away;
    const imported = importing(payment);
    await assert.rejects(imported.cut(), { kind: 'unavailable' });
    await imported.rest();
    assert.equal(await imported.isReady(), false);
    payment.trouble = () => {
      if (payment.asked.at(-1)?.endpoints.includes(7)) away();
    };
    await assert.rejects(imported.cut(), { kind: 'unavailable' });
    assert.equal(await importing(payment).isReady(), false);
    payment.trouble = undefined;
    assert.equal(await imported.cut(), NOW);
    await imported.rest();
    assert.deepEqual([(await webhooks.get(9)).endpoint_id, (await deliveries()).length], [9, 1]);
  });

  test('what payment queues after the cut gets an id of this table, also one that is taken here', async () => {
    await webhooks.imports.save({ ...CUT, endpoints: [anEndpoint(7)], deliveries: [], more: true });
    await webhooks.imports.finishEndpoints(NOW);
    await webhooks.deliveries.enqueue(message(99));
    await webhooks.imports.save({ ...CUT, endpoints: [], deliveries: [aDelivery(51, 60)], more: false });
    assert.deepEqual(await deliveries(), [
      { delivery_id: 51, message_id: uuid(99) },
      { delivery_id: 52, message_id: uuid(60) },
    ]);
  });

  test('an event that is queued here already is not queued again by the import', async () => {
    await webhooks.imports.save({ ...CUT, endpoints: [anEndpoint(7)], deliveries: [aDelivery(1, 99)], more: true });
    await webhooks.deliveries.enqueue(message(99));
    await webhooks.imports.save({ ...CUT, endpoints: [], deliveries: [aDelivery(51, 99)], more: false });
    assert.deepEqual(await deliveries(), [{ delivery_id: 1, message_id: uuid(99) }]);
  });
});
