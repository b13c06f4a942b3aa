import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { engine } from '../../src/testing/engines.ts';
import { settle } from '../../src/testing/settle.ts';
import { eachShape } from '../../src/testing/shapes.ts';
import { type World, world } from '../../src/testing/world.ts';
import { customerServer, ID, isSigned, oldWebhooks, rowsOf, TO_SEND } from './old-webhooks.fixture.ts';

interface Endpoint {
  readonly endpoint_id: number;
  readonly url: string;
  readonly status: string;
  readonly disabled_reason: string | null;
}

interface Delivery {
  readonly delivery_id: number;
  readonly message_id: string;
  readonly status: string;
  readonly attempts: readonly { readonly at: string; readonly status: number | null }[];
}

eachShape('webhooks of the version before, which payment kept', (shape) => {
  for (const place of ['its database', 'another database'] as const) {
    describe(`and now the service webhook in ${place}`, () => {
      let customer: Awaited<ReturnType<typeof customerServer>>;
      let database: TestDatabase;
      let another: TestDatabase | undefined;
      let shop: World;
      let owner: TestClient;

      before(async () => {
        customer = await customerServer();
        database = await testDatabase(engine, { empty: true });
        await oldWebhooks(database.url, customer.url);
        if (place === 'another database') another = await testDatabase(engine, { empty: true });
        shop = await started();
        owner = await shop.as('owner');
      });
      after(async () => {
        await shop.close();
        await another?.drop();
        await database.drop();
        await customer.close();
      });

      const started = (): Promise<World> =>
        world({
          ...shape,
          database,
          env: { WEBHOOK_ALLOW_PRIVATE: 'on', ...(another && { WEBHOOK_DATABASE_URL: another.url }) },
        });
      const kept = (text: string) => rowsOf(another?.url ?? database.url, text);
      const sentTo = (path: string) => customer.received.filter((one) => one.path === path);
      const idsSentTo = (path: string) => sentTo(path).map(({ headers }) => headers['webhook-id']);
      const deliveries = async () =>
        (await owner.get<Delivery[]>('/webhooks/endpoints/7/deliveries')).body as unknown as Delivery[];

      test('endpoints keep their ids, addresses, statuses and secrets', async () => {
        const { body } = await owner.get<Endpoint[]>('/payment/webhooks/endpoints');
        assert.deepEqual(
          body.map(({ endpoint_id, url, status, disabled_reason }) => [endpoint_id, url, status, disabled_reason]),
          [
            [12, `${customer.url}/12`, 'disabled', 'its owner is no longer of the staff'],
            [9, `${customer.url}/9`, 'disabled', 'it answered 410: it is gone'],
            [7, `${customer.url}/7`, 'active', null],
          ],
        );
        const [seven] = await kept('select secret, version from tradepost_webhook.endpoints where endpoint_id = 7');
        assert.match(String(seven?.secret), /^whsec_dGhlIHNlY3JldCBvZiB/);
      });

      test('what waited, on the bus too, is sent once and signed as before; what was sent is not sent again', async () => {
        await settle(() => assert.equal(sentTo('/7').length, TO_SEND.length));
        const id = await paidBy(owner);
        await settle(() => assert.equal(sentTo('/7').length, TO_SEND.length + 1));
        assert.ok(sentTo('/7').every(isSigned));
        const last = sentTo('/7').find(({ body }) => body.includes(`"transaction_id":${id},`));
        assert.ok(last, 'a new event is told');
        const earlier = idsSentTo('/7').filter((one) => one !== last.headers['webhook-id']);
        assert.deepEqual(earlier.toSorted(), TO_SEND.toSorted());
        assert.deepEqual([...sentTo('/9'), ...sentTo('/12')], []);
      });

      test('deliveries keep their ids and attempts, and new ones go on after them', async () => {
        await settle(async () => assert.ok((await deliveries()).every(({ status }) => status === 'delivered')));
        const found = new Map((await deliveries()).map((one) => [one.message_id, one]));
        assert.equal(found.size, TO_SEND.length + 2);
        const [delivered, failing, queued] = [ID.delivered, ID.failing, ID.queued].map((one) => found.get(one));
        assert.deepEqual([delivered?.delivery_id, failing?.delivery_id, queued?.delivery_id], [1, 2, 3]);
        assert.deepEqual(delivered?.attempts, [{ at: delivered?.attempts[0]?.at, status: 200, error: null, ms: 12 }]);
        assert.deepEqual(
          failing?.attempts.map(({ status }) => status),
          [500, 200],
        );
        const ids = [...found.values()].map(({ delivery_id }) => delivery_id);
        assert.equal(new Set(ids).size, ids.length);
        const made = await owner.post('/webhooks/endpoints', { url: `${customer.url}/new` });
        assert.ok((made.body as unknown as Endpoint).endpoint_id > 40);
      });

      test('payment keeps no secret and no delivery, and a second start sends nothing again', async () => {
        const left = () =>
          rowsOf(
            database.url,
            `select (select count(*) from tradepost_payment.webhook_deliveries) as deliveries,
               (select count(*) from tradepost_payment.webhook_attempts) as attempts,
               (select count(*) from tradepost_payment.webhook_endpoints where status <> 'deleted' or secret <> '') as endpoints`,
          );
        await settle(async () => assert.deepEqual(await left(), [{ deliveries: 0, attempts: 0, endpoints: 0 }]));
        const before = customer.received.length;
        await shop.close();
        shop = await started();
        owner = await signedIn(shop);
        await paidBy(owner);
        await settle(() => assert.equal(sentTo('/7').length, TO_SEND.length + 2));
        // The second endpoint of this owner is told of the same payment.
        await settle(() => assert.equal(customer.received.length, before + 2));
        assert.equal(new Set(idsSentTo('/7')).size, sentTo('/7').length);
      });
    });
  }
});

async function paidBy(owner: TestClient): Promise<number> {
  const { body } = await owner.post('/transactions', { amount: 5, description: 'a coffee' });
  await owner.post('/transactions/pay');
  return body.id;
}

async function signedIn(shop: World): Promise<TestClient> {
  const { body } = await shop.guest.post('/login', { username: 'owner', password: 'password123' });
  return clientOf(shop.url, body.token, body.id);
}
