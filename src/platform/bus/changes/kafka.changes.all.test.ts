import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Admin } from '@platformatic/kafka';
import { settle } from '../../../testing/settle.ts';
import type { Bus } from '../bus.ts';
import { type Broker, type BrokerWorld, givenOr, KINDS, worldOn } from '../fixtures/brokers.fixture.ts';
import { assertAllInOrder, event, events, listener, subjects } from '../fixtures/bus.fixture.ts';

const kind = KINDS.find((one) => one.kind === 'kafka') as (typeof KINDS)[number];
const LONG_MS = 60_000;

describe('a topic that changes under its readers', () => {
  let broker: Broker;
  let world: BrokerWorld;
  let admin: Admin;
  before(async () => {
    broker = await givenOr(kind);
    admin = new Admin({ clientId: 'changes', bootstrapBrokers: [broker.url] });
  });
  after(async () => {
    await admin.close();
    await broker.end();
  });

  function story(name: string, work: (topic: string, group: string) => Promise<void>): void {
    test(name, async () => {
      world = await worldOn(kind, broker.url);
      try {
        await work(`${world.address.prefix}.orders`, `${world.address.prefix}-order`);
      } finally {
        await world.end();
      }
    });
  }

  const published = (bus: Bus, batch: Parameters<Bus['publish']>[0]) => settle(() => bus.publish(batch), LONG_MS);
  const names = subjects(60);

  story('gets partitions: what lies in them is delivered, without a restart', async (topic) => {
    const { subscription, got } = listener('order');
    const readers = [await world.open(), await world.open()];
    for (const reader of readers) await reader.subscribe(subscription);
    await published(readers[0] as Bus, events(names, 1, 1));
    await settle(() => assertAllInOrder(got, names, 1), LONG_MS);
    await admin.createPartitions({ topics: [{ name: topic, count: 24 }] });
    // Of a publisher that knows them already.
    const late = subjects(60).map((name) => `late ${name}`);
    await published(await world.open(), events(late, 1, 2));
    await settle(() => assertAllInOrder(got, late, 2), LONG_MS);
    // The one that was there before finds them too.
    await settle(async () => {
      await published(readers[0] as Bus, events(names, 2, 2));
      const { topics } = await admin.metadata({ topics: [topic], forceUpdate: true });
      assert.equal(topics.get(topic)?.partitionsCount, 24);
      const ends = await admin.listOffsets({
        topics: [
          {
            name: topic,
            partitions: Array.from({ length: 16 }, (_, n) => ({ partitionIndex: n + 8, timestamp: -1n })),
          },
        ],
      });
      const inNew = ends.flatMap((one) => one.partitions).reduce((sum, one) => sum + Number(one.offset), 0);
      assert.ok(inNew > late.length * 2, 'the old publisher writes to the new partitions');
    }, LONG_MS);
  });

  story('is deleted, and made again with fewer partitions: all that is published then is delivered', async (topic) => {
    const { subscription, got, losses } = listener('order');
    const bus = await world.open();
    await bus.subscribe(subscription);
    await published(bus, events(names, 1, 3));
    await settle(() => assertAllInOrder(got, names, 3), LONG_MS);
    await admin.deleteTopics({ topics: [topic] });
    await settle(() => admin.createTopics({ topics: [topic], partitions: 2, replicas: 1 }), LONG_MS).catch(
      () => undefined,
    );
    const other = await world.open();
    for (let n = 1; n <= 5; n++) await published(other, events(['after'], n, n));
    await published(bus, events(['after'], 6, 6));
    await settle(() => assertAllInOrder(got, ['after'], 6), LONG_MS);
    assert.match(losses[0]?.reason ?? '', /deleted/);
  });

  story(
    'was cut by its retention while a group was away: the loss is told, with its place and number',
    async (topic) => {
      const bus = await world.open();
      const first = listener('order');
      const delivery = await bus.subscribe(first.subscription);
      await published(bus, [event('one', 1)]);
      await settle(() => assert.equal(first.got.length, 1), LONG_MS);
      await delivery.close();
      await published(bus, events(['one'], 2, 6));
      const end = await endOf(topic);
      await admin.deleteRecords({ topics: [{ name: topic, partitions: [{ partition: end.partition, offset: 4n }] }] });
      const second = listener('order');
      await bus.subscribe(second.subscription);
      await settle(
        () =>
          assert.deepEqual(
            second.got.map(({ data }) => data),
            ['{"n":5}', '{"n":6}'],
          ),
        LONG_MS,
      );
      assert.deepEqual(
        second.losses.map(({ topic: where, place, count }) => [where, place, count]),
        [[topic, `partition ${end.partition}`, 3]],
      );
      assert.deepEqual(first.losses, []);
    },
  );

  story(
    'is shorter than the place of a group: it is read from its beginning, and that is told',
    async (topic, group) => {
      const bus = await world.open();
      await published(bus, events(['one'], 1, 3));
      const { partition } = await endOf(topic);
      const offsets = [{ partition, offset: 500n }];
      await admin.alterConsumerGroupOffsets({ groupId: group, topics: [{ name: topic, partitionOffsets: offsets }] });
      const { subscription, got, losses } = listener('order');
      await bus.subscribe(subscription);
      await settle(() => assertAllInOrder(got, ['one'], 3), LONG_MS);
      assert.match(losses[0]?.reason ?? '', /offset 500, beyond the end at 3/);
    },
  );

  async function endOf(topic: string): Promise<{ partition: number }> {
    const partitions = Array.from({ length: 8 }, (_, n) => ({ partitionIndex: n, timestamp: -1n }));
    const [found] = await admin.listOffsets({ topics: [{ name: topic, partitions }] });
    const one = found?.partitions.find(({ offset }) => offset > 0n);
    assert.ok(one);
    return { partition: one.partitionIndex };
  }
});
