import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, describe, type TestContext, test } from 'node:test';
import { Admin, ConfigResourceTypes, IncrementalAlterConfigOperationTypes } from '@platformatic/kafka';
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

/** Asks a RabbitMQ of our own by its command, as the account and in the surroundings that it runs with. */
function ctl({ own }: Broker, ...words: string[]): void {
  const pid = own?.pid ?? 0;
  const env = Object.fromEntries(
    readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .flatMap((line) =>
        line.includes('=') ? [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]] : [],
      ),
  );
  const [, uid, gid] = /Uid:\s+(\d+)[\s\S]*Gid:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  const account = process.geteuid?.() === 0 ? { uid: Number(uid), gid: Number(gid) } : {};
  execFileSync('/usr/lib/rabbitmq/bin/rabbitmqctl', words, { env, ...account, cwd: own?.dir, stdio: 'pipe' });
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

  /** Sets something of the topic of the orders. */
  async function setTopic(name: string, value: string): Promise<void> {
    const admin = new Admin({ clientId: 'test', bootstrapBrokers: [broker().url] });
    const configs = [{ name, configOperation: IncrementalAlterConfigOperationTypes.SET, value }];
    const resourceName = `${world().address.prefix}.orders`;
    await admin.incrementalAlterConfigs({
      resources: [{ resourceType: ConfigResourceTypes.TOPIC, resourceName, configs }],
    });
    await admin.close();
  }

  test('a topic that does not take the time of our clock waits, and no event of it is given up', async (t) => {
    if (!isOwn(broker(), t)) return;
    const bus = await world().open();
    // A group of its own: the process of the test before is still a member of the other.
    const { subscription, got } = listener('clock');
    await bus.subscribe(subscription);
    assert.deepEqual(await bus.publish([event('late', 1)]), []);
    // Every record is older than this when it comes, as all are of a clock that is far off.
    await setTopic('message.timestamp.before.max.ms', '0');
    const second = await settle(async () => {
      const one = event('late', 2);
      const [refusal] = await bus.publish([one]);
      assert.deepEqual([refusal?.holds, refusal?.forGood], ['topic', false]);
      assert.match(refusal?.sentence ?? '', /does not take the time of our clock/);
      return one;
    });
    await setTopic('message.timestamp.before.max.ms', '9223372036854775807');
    await settle(async () => assert.deepEqual(await bus.publish([second]), []));
    await settle(() => assert.equal(got.at(-1)?.id, second.id));
  });

  test('a record that a topic does not take is refused for good, and the others are kept', async (t) => {
    if (!isOwn(broker(), t)) return;
    const bus = await world().open();
    await bus.publish([event('early', 1)]);
    await setTopic('max.message.bytes', '20000');
    const large = event('large', 1, { data: JSON.stringify({ n: 1, text: randomBytes(40_000).toString('hex') }) });
    await settle(async () => {
      const refused = await bus.publish([event('early', 2), large]);
      assert.deepEqual(
        refused.map(({ event: { id }, forGood }) => [id, forGood]),
        [[large.id, true]],
      );
    });
    await setTopic('max.message.bytes', '1000000');
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

  // Each way in which Redis answers and takes no writes, and the way back.
  const refusing: readonly (readonly [string, readonly string[], readonly string[], RegExp])[] = [
    [
      'that became a replica',
      ['REPLICAOF', '127.0.0.1', '1'],
      ['REPLICAOF', 'NO', 'ONE'],
      /is a replica; set REDIS_URL to the primary/,
    ],
    [
      'that wants more replicas than it has',
      ['CONFIG', 'SET', 'min-replicas-to-write', '1'],
      ['CONFIG', 'SET', 'min-replicas-to-write', '0'],
      /too few replicas/,
    ],
    [
      'whose account may not write',
      ['ACL', 'SETUSER', 'default', '-@write'],
      ['ACL', 'SETUSER', 'default', '+@all'],
      /does not let the account write/,
    ],
  ];
  for (const [name, begin, end, sentence] of refusing) {
    test(`${name} takes nothing, health says so, and it goes on afterwards`, async (t) => {
      if (!isOwn(broker(), t)) return;
      const bus = await world().open();
      const client = createClient({ url: broker().url, RESP: 2 });
      await client.connect();
      await client.sendCommand(begin);
      await assert.rejects(bus.ping(), (error) => error instanceof Degraded && sentence.test(error.message));
      await assert.rejects(bus.publish([event('refused', 1)]), { name: 'NotTaken', sentence });
      await client.sendCommand(end);
      await settle(() => bus.ping());
      assert.deepEqual(await bus.publish([event('refused', 1)]), []);
      await client.close();
    });
  }
});

onOwn('rabbitmq', (broker, world) => {
  test('with an alarm on takes nothing, health says so although nothing was published, and it goes on after it', async (t) => {
    if (!isOwn(broker(), t)) return;
    const bus = await world().open();
    await bus.ping();
    ctl(broker(), 'set_vm_memory_high_watermark', '0.00001');
    const isAlarm = (error: unknown) => error instanceof Degraded && /an alarm is on \(.*memory/.test(error.message);
    await settle(() => assert.rejects(bus.ping(), isAlarm));
    await assert.rejects(bus.publish([event('blocked', 1)]), { name: 'NotTaken', sentence: /an alarm is on/ });
    await assert.rejects(bus.ping(), isAlarm);
    ctl(broker(), 'set_vm_memory_high_watermark', '0.4');
    await settle(() => bus.ping());
    assert.deepEqual(await bus.publish([event('blocked', 2)]), []);
  });

  test('an event that is larger than it takes is refused for good, and the others are kept', async (t) => {
    if (!isOwn(broker(), t)) return;
    // A channel keeps the limit that it began with.
    ctl(broker(), 'eval', 'application:set_env(rabbit, max_message_size, 100000).');
    const bus = await world().open();
    assert.deepEqual(await bus.publish([event('small', 1)]), []);
    const large = event('large', 1, { data: JSON.stringify({ n: 1, text: 'x'.repeat(200_000) }) });
    const refused = await bus.publish([event('small', 2), large, event('other', 1)]);
    ctl(broker(), 'eval', 'application:set_env(rabbit, max_message_size, 134217728).');
    assert.deepEqual(
      refused.map(({ event: { id }, forGood, sentence }) => [id, forGood, sentence]),
      [[large.id, true, 'RabbitMQ refuses an event as too large']],
    );
    assert.match(refused[0]?.reason ?? '', /PRECONDITION_FAILED|larger/i);
  });

  test('whose account may publish nothing says so; the probe of health needs no right but that', async (t) => {
    if (!isOwn(broker(), t)) return;
    const { prefix } = world().address;
    const bus = await world().open();
    await bus.publish([event('right', 1)]);
    // It may write to our exchange and to nothing else, so the probe is not let through.
    ctl(broker(), 'set_permissions', 'guest', '.*', `^${prefix}$`, '.*');
    const limited = await world().open();
    await limited.ping();
    await limited.ping();
    assert.deepEqual(await limited.publish([event('right', 2)]), []);
    ctl(broker(), 'set_permissions', 'guest', '.*', '^$', '.*');
    const none = await world().open();
    await assert.rejects(none.publish([event('right', 3)]), { name: 'NotTaken', sentence: /let the account publish/ });
    ctl(broker(), 'set_permissions', 'guest', '.*', '.*', '.*');
    await settle(async () => assert.deepEqual(await none.publish([event('right', 3)]), []));
  });

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
