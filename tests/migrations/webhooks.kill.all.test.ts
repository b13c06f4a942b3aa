import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { testDatabase } from '../../src/testing/databases.ts';
import { engine } from '../../src/testing/engines.ts';
import { freePort } from '../../src/testing/ports.ts';
import { settle } from '../../src/testing/settle.ts';
import { WORLD_SETTINGS } from '../../src/testing/world.ts';
import { readyAt, type Started, startCommand } from '../journeys/process.fixture.ts';
import { customerServer, oldWebhooks, rowsOf, TO_SEND } from './old-webhooks.fixture.ts';

// A process that is killed between the save of a page and its acknowledgement: the next one goes on.

/** After the endpoints, and after the first deliveries. */
const PAGES = [1, 2];

let customer: Awaited<ReturnType<typeof customerServer>>;
const running = new Set<Started>();
before(async () => {
  customer = await customerServer();
});
after(async () => {
  for (const one of running) one.child.kill('SIGKILL');
  await customer.close();
});

function started(env: Record<string, string>): Started {
  const one = startCommand(env);
  running.add(one);
  void one.ended.then(() => running.delete(one));
  return one;
}

for (const page of PAGES) {
  test(`killed after page ${page} was saved, it sends what waited once, and loses nothing`, async () => {
    const database = await testDatabase(engine, { empty: true });
    await oldWebhooks(database.url, customer.url);
    customer.received.length = 0;
    const env = {
      ...WORLD_SETTINGS,
      DATABASE_URL: database.url,
      PORT: String(await freePort()),
      WEBHOOK_ALLOW_PRIVATE: 'on',
    };
    const killed = started({ ...env, FAILPOINT: `webhook.import:${page}` });
    assert.equal(await killed.ended, 'SIGKILL', killed.said());
    const [kept] = await rowsOf(database.url, 'select count(*) as n from tradepost_webhook.endpoints');
    assert.deepEqual([kept, customer.received.length], [{ n: 3 }, 0]);

    const next = started(env);
    await readyAt(next);
    const left = `select (select count(*) from tradepost_payment.webhook_deliveries)
      + (select count(*) from tradepost_webhook.deliveries where status = 'waiting') as n`;
    await settle(async () => {
      assert.ok(customer.received.length >= TO_SEND.length);
      assert.deepEqual(await rowsOf(database.url, left), [{ n: 0 }]);
    });
    next.child.kill('SIGTERM');
    await next.ended;
    const ids = customer.received.map(({ headers }) => headers['webhook-id']);
    assert.deepEqual(ids.toSorted(), TO_SEND.toSorted());
    const copies = `select count(*) as deliveries, count(distinct message_id) as messages from tradepost_webhook.deliveries`;
    assert.deepEqual(await rowsOf(database.url, copies), [{ deliveries: 5, messages: 5 }]);
    await database.drop();
  });
}
