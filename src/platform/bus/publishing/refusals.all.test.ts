import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { createClient } from '@redis/client';
import { Connection } from 'rabbitmq-client';
import { settle } from '../../../testing/settle.ts';
import { Degraded } from '../../observability/health.ts';
import {
  type Broker,
  type BrokerKind,
  type BrokerWorld,
  brokerOf,
  KINDS,
  worldOn,
} from '../fixtures/brokers.fixture.ts';
import { assertAllInOrder, event, events, listener, subjects } from '../fixtures/bus.fixture.ts';
import { partitionOf } from '../partition.ts';

// What real brokers refuse. Each is one of our own, which a test may set as it likes.

function onOwn(kind: string, suite: (broker: () => Broker, world: () => BrokerWorld) => void): void {
  const found = KINDS.find((one) => one.kind === kind) as BrokerKind;
  describe(found.title, () => {
    let broker: Broker;
    let world: BrokerWorld;
    before(async () => {
      broker = await brokerOf(found);
      if (broker.missing === undefined) world = await worldOn(found, broker.url);
    });
    after(async () => {
      await world?.end();
      await broker.end();
    });
    suite(
      () => broker,
      () => world,
    );
  });
}

/** Whether there is a broker of our own; else the test says why it did not run. */
function isOwn(broker: Broker, t: TestContext): boolean {
  if (broker.own) return true;
  t.skip(broker.missing ?? 'the broker is not ours to set');
  return false;
}

onOwn('kafka', (broker, world) => {
  test('of a batch with an event that is too large that one is refused for good, and the others are kept once', async (t) => {
    if (!isOwn(broker(), t)) return;
    const bus = await world().open();
    const { subscription, got } = listener('order');
    await bus.subscribe(subscription);
    const names = subjects(30);
    const large = event('large', 1, { data: JSON.stringify({ n: 1, text: 'x'.repeat(3_000_000) }) });
    const before = events(names, 1, 1);
    const refused = await bus.publish([...before.slice(0, 15), large, ...before.slice(15), event('large', 2)]);
    assert.deepEqual(
      refused.map(({ event: { id }, forGood, sentence }) => [id, forGood, sentence]),
      [[large.id, true, 'Kafka refuses an event as too large']],
    );
    assert.match(refused[0]?.reason ?? '', /MESSAGE_TOO_LARGE|too large|larger/i);
    await settle(() => assertAllInOrder(got, names, 1));
    await settle(() => assert.ok(got.some(({ subject }) => subject === 'large')));
    assert.equal(got.length, 31, 'each of the others came once');
  });
});

onOwn('redis', (broker, world) => {
  test('that is full takes nothing, says so, and takes it all when it has room again', async (t) => {
    if (!isOwn(broker(), t)) return;
    const bus = await world().open();
    const { subscription, got } = listener('order');
    await bus.subscribe(subscription);
    const names = subjects(5);
    await bus.publish(events(names, 1, 1));
    const client = createClient({ url: broker().url, RESP: 2 });
    await client.connect();
    await client.configSet({ 'maxmemory-policy': 'noeviction', maxmemory: '1' });
    await assert.rejects(bus.publish(events(names, 2, 2)), { name: 'NotTaken', sentence: /memory is full/ });
    await assert.rejects(bus.ping(), (error) => error instanceof Degraded && /memory is full/.test(error.message));
    await client.configSet({ maxmemory: '0' });
    assert.deepEqual(await bus.publish(events(names, 2, 2)), []);
    await bus.ping();
    await client.close();
    await settle(() => assertAllInOrder(got, names, 2));
    assert.equal(got.length, 10);
  });
});

onOwn('rabbitmq', (broker, world) => {
  test('an event that a full queue refuses holds back its subject, and no event comes before its predecessor', async (t) => {
    if (!isOwn(broker(), t)) return;
    const bus = await world().open();
    await bus.publish([event('first', 1)]);
    const connection = new Connection(broker().url);
    const queue = `${world().address.prefix}.full`;
    const bounds = { 'x-max-length': 1, 'x-overflow': 'reject-publish' } as const;
    await connection.queueDeclare({ queue, durable: true, arguments: bounds });
    const routingKey = `orders.${partitionOf('a')}.#`;
    await connection.queueBind({ exchange: world().address.prefix, queue, routingKey });
    const others = subjects(20).filter((name) => partitionOf(name) !== partitionOf('a'));
    await bus.publish([event('a', 1)]);
    const [second, third] = [event('a', 2), event('a', 3)];
    const refused = await bus.publish([second, ...events(others, 1, 2), third]);
    assert.deepEqual(
      refused.map(({ event: { id }, forGood, holds }) => [id, forGood, holds]),
      [second, third].map(({ id }) => [id, false, 'subject']),
    );
    assert.match(refused[0]?.reason ?? '', /NACK/);
    await connection.queueDelete({ queue });
    await connection.close();
    assert.deepEqual(await bus.publish([second, third]), []);
  });
});
