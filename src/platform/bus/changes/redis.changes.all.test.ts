import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createClient } from '@redis/client';
import { settle } from '../../../testing/settle.ts';
import { toHeaders } from '../cloudevents.ts';
import { type Broker, type BrokerWorld, givenOr, KINDS, worldOn } from '../fixtures/brokers.fixture.ts';
import { assertAllInOrder, event, events, firstSeen, listener, subjects } from '../fixtures/bus.fixture.ts';
import { partitionOf } from '../partition.ts';

const kind = KINDS.find((one) => one.kind === 'redis') as (typeof KINDS)[number];
const LONG_MS = 60_000;
const names = subjects(40);

describe('a stream that changes under its readers', () => {
  let broker: Broker;
  let client: ReturnType<typeof clientOf>;
  let world: BrokerWorld;
  const clientOf = (url: string) => createClient({ url, RESP: 2 });
  before(async () => {
    broker = await givenOr(kind);
    client = clientOf(broker.url);
    await client.connect();
  });
  after(async () => {
    client.destroy();
    await broker.end();
  });

  function story(name: string, work: (streamOf: (subject: string) => string) => Promise<void>): void {
    test(name, async () => {
      world = await worldOn(kind, broker.url);
      try {
        await work((subject) => `${world.address.prefix}:orders:${partitionOf(subject)}`);
      } finally {
        await world.end();
      }
    });
  }

  story(
    'all keys are gone: who listens goes on with what is published then, and says that something may be lost',
    async () => {
      const bus = await world.open();
      const { subscription, got, losses } = listener('order');
      await bus.subscribe(subscription);
      await bus.publish(events(names, 1, 2));
      await settle(() => assertAllInOrder(got, names, 2), LONG_MS);
      await client.del(await client.keys(`${world.address.prefix}:*`));
      const later = names.map((name) => `later ${name}`);
      for (let n = 1; n <= 3; n++) await bus.publish(events(later, n, n));
      await settle(() => assertAllInOrder(got, later, 3), LONG_MS);
      await settle(() => assert.match(losses[0]?.reason ?? '', /stream was deleted/), LONG_MS);
    },
  );

  story('a group is destroyed: it is made again, nothing is lost and nothing is said to be', async (streamOf) => {
    const bus = await world.open();
    const { subscription, got, losses } = listener('order');
    await bus.subscribe(subscription);
    await bus.publish(events(['a'], 1, 2));
    await settle(() => assertAllInOrder(got, ['a'], 2), LONG_MS);
    await client.xGroupDestroy(streamOf('a'), 'order');
    await bus.publish(events(['a'], 3, 4));
    await settle(() => assertAllInOrder(got, ['a'], 4), LONG_MS);
    assert.deepEqual(losses, []);
  });

  story(
    'it was trimmed while the group was away: the loss is told once, with its stream and number',
    async (streamOf) => {
      const bus = await world.open();
      const first = listener('order');
      const delivery = await bus.subscribe(first.subscription);
      await bus.publish([event('a', 1)]);
      await settle(() => assert.equal(first.got.length, 1), LONG_MS);
      await delivery.close();
      await bus.publish(events(['a'], 2, 9));
      await client.xTrim(streamOf('a'), 'MAXLEN', 3);
      const second = listener('order');
      const again = await bus.subscribe(second.subscription);
      await settle(() => assert.deepEqual(firstSeen(second.got, 'a'), [7, 8, 9]), LONG_MS);
      const place = `stream ${streamOf('a')}`;
      assert.deepEqual(
        second.losses.map((one) => [one.topic, one.place, one.count]),
        [['orders', place, 5]],
      );
      await again.close();
      // What it had read may be trimmed away; that is no loss.
      await client.xTrim(streamOf('a'), 'MAXLEN', 0);
      const third = listener('order');
      await bus.subscribe(third.subscription);
      await bus.publish(events(['a'], 10, 11));
      await settle(() => assert.deepEqual(firstSeen(third.got, 'a'), [10, 11]), LONG_MS);
      assert.deepEqual(third.losses, []);
    },
  );

  story('it was emptied before the group had read it: the loss is told although nothing is left', async (streamOf) => {
    const bus = await world.open();
    const first = listener('order');
    const delivery = await bus.subscribe(first.subscription);
    await bus.publish([event('a', 1)]);
    await settle(() => assert.equal(first.got.length, 1), LONG_MS);
    await delivery.close();
    await bus.publish(events(['a'], 2, 5));
    await client.xTrim(streamOf('a'), 'MAXLEN', 0);
    const { subscription, losses } = listener('order');
    await bus.subscribe(subscription);
    await settle(
      () =>
        assert.deepEqual(
          losses.map(({ count }) => count),
          [4],
        ),
      LONG_MS,
    );
  });

  story('an entry that was under way is removed: the next reader tells it, and goes on', async (streamOf) => {
    const bus = await world.open();
    let taken = 0;
    let release = (): void => undefined;
    const stuck = listener('order', () => {
      taken++;
      return new Promise<void>((_, reject) => {
        release = () => reject(new Error('the process ends'));
      });
    });
    const delivery = await bus.subscribe(stuck.subscription);
    await bus.publish([event('a', 1)]);
    await settle(() => assert.equal(taken, 1), LONG_MS);
    const closed = delivery.close();
    release();
    await closed;
    const [entry] = (await client.xRange(streamOf('a'), '-', '+')) ?? [];
    await client.xDel(streamOf('a'), entry?.id ?? '');
    await bus.publish([event('a', 2)]);
    const { subscription, got, losses } = listener('order');
    await bus.subscribe(subscription);
    await settle(() => assert.deepEqual(firstSeen(got, 'a'), [2]), LONG_MS);
    assert.match(losses[0]?.reason ?? '', /removed from the stream/);
    assert.equal((await client.xPending(streamOf('a'), 'order')).pending, 0);
  });

  story('what is no UTF-8 is put aside; a character that only looks like it is not', async (streamOf) => {
    const bus = await world.open();
    const { subscription, got, litter } = listener('order');
    await bus.subscribe(subscription);
    const broken = { ...toHeaders(event('a', 1), ''), data: Buffer.from('{"n":"\xff"}', 'latin1') };
    await client.xAdd(streamOf('a'), '*', broken as unknown as Record<string, string>);
    await bus.publish([event('a', 2, { data: '{"n":2,"name":"\ufffd"}' })]);
    await settle(() => assert.deepEqual([got.length, litter.length], [1, 1]), LONG_MS);
  });
});
