import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Connection } from 'rabbitmq-client';
import { settle } from '../../../testing/settle.ts';
import type { Bus } from '../bus.ts';
import { type Broker, type BrokerWorld, givenOr, KINDS, worldOn } from '../fixtures/brokers.fixture.ts';
import { assertAllInOrder, event, events, firstSeen, listener, subjects } from '../fixtures/bus.fixture.ts';
import { partitionOf } from '../partition.ts';

const kind = KINDS.find((one) => one.kind === 'rabbitmq') as (typeof KINDS)[number];
const LONG_MS = 60_000;
const names = subjects(40);

describe('queues and bindings that are removed under their readers', () => {
  let broker: Broker;
  let admin: Connection;
  let world: BrokerWorld;
  before(async () => {
    broker = await givenOr(kind);
    admin = new Connection(broker.url);
    admin.on('error', () => undefined);
  });
  after(async () => {
    await admin.close();
    await broker.end();
  });

  function story(name: string, work: (prefix: string) => Promise<void>): void {
    test(name, async () => {
      world = await worldOn(kind, broker.url);
      try {
        await work(world.address.prefix);
      } finally {
        await world.end();
      }
    });
  }
  const published = (bus: Bus, batch: Parameters<Bus['publish']>[0]) => settle(() => bus.publish(batch), LONG_MS);

  story('a queue that is deleted is declared again, its reader goes on, and the loss is told', async (prefix) => {
    const bus = await world.open();
    const { subscription, got, losses } = listener('order');
    await bus.subscribe(subscription);
    await published(bus, events(names, 1, 1));
    await settle(() => assertAllInOrder(got, names, 1), LONG_MS);
    for (let n = 0; n < 8; n++) await admin.queueDelete({ queue: `${prefix}.order.${n}` });
    await settle(() => assert.equal(losses.length, 8), LONG_MS);
    for (let n = 0; n < 8; n++)
      await settle(() => admin.queueDeclare({ queue: `${prefix}.order.${n}`, passive: true }), LONG_MS);
    let round = 1;
    await settle(async () => {
      await bus.publish(names.map((name) => event(name, ++round)));
      for (const name of names) assert.ok(firstSeen(got, name).length > 1, name);
    }, LONG_MS);
  });

  story('a binding that is removed is made again', async (prefix) => {
    const bus = await world.open();
    const { subscription, got, losses } = listener('order');
    await bus.subscribe(subscription);
    const n = partitionOf('a');
    await admin.queueUnbind({ exchange: prefix, queue: `${prefix}.order.${n}`, routingKey: `orders.${n}.#` });
    await settle(async () => {
      await bus.publish([event('a', 1)]);
      assert.ok(got.length > 0);
    }, LONG_MS);
    assert.deepEqual(losses, []);
  });

  story(
    'an exchange that is deleted: nothing is accepted until the queues are bound again, and so nothing is lost',
    async (prefix) => {
      const bus = await world.open();
      const { subscription, got } = listener('order');
      await (await world.open()).subscribe(subscription);
      await published(bus, events(names, 1, 1));
      await admin.exchangeDelete({ exchange: prefix });
      for (let n = 2; n <= 4; n++) await published(bus, events(names, n, n));
      await settle(() => assertAllInOrder(got, names, 4), LONG_MS);
    },
  );
});
