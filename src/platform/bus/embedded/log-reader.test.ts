import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eachEngine } from '../../../testing/engines.ts';
import { settle } from '../../../testing/settle.ts';
import type { Envelope } from '../../contract/events.ts';
import { type Database, openDatabase } from '../../db/postgres/postgres.ts';
import type { Subscription } from '../bus.ts';
import type { Payload } from '../consumers/payload.ts';
import { type BrokerWorld, KINDS, worldOn } from '../fixtures/brokers.fixture.ts';
import { assertAllInOrder, event, events, firstSeen, listener, numberOf } from '../fixtures/bus.fixture.ts';

const kind = KINDS.find((one) => one.kind === 'embedded') as (typeof KINDS)[number];

eachEngine('the place of a reader in the log', (engine) => {
  let world: BrokerWorld;
  let db: Database;
  before(async () => {
    world = await worldOn(kind, engine.url);
    db = openDatabase(world.address.url, { poolSize: 1 });
  });
  after(async () => {
    await db.close();
    await world.end();
  });

  test('below what was forgotten: the loss is told once, and a group that is new has lost nothing', async () => {
    const bus = await world.open();
    const [away, here] = [listener('order'), listener('invoice')];
    const delivery = await bus.subscribe(away.subscription);
    await bus.subscribe(here.subscription);
    await bus.publish(events(['a'], 1, 2));
    await settle(() => assertAllInOrder([...away.got], ['a'], 2));
    await delivery.close();
    await bus.publish(events(['a'], 3, 7));
    await settle(() => assertAllInOrder(here.got, ['a'], 7));
    const moved = () =>
      db.query<{ position: number }>({
        name: '',
        text: `select position from tradepost_bus.reader where name like '%-invoice'`,
      });
    await settle(async () => assert.equal((await moved())[0]?.position, 7));
    await db.script(`update tradepost_bus.log set appended_at = now() - interval '40 days';
      update tradepost_bus.reader set moved_at = now() - interval '40 days' where name like '%-order'`);
    await bus.forget?.(30);
    const back = listener('order');
    const again = await bus.subscribe(back.subscription);
    await bus.publish(events(['a'], 8, 8));
    await settle(() => assert.deepEqual(firstSeen(back.got, 'a'), [8]));
    assert.deepEqual(
      back.losses.map(({ count }) => count),
      [5],
    );
    await again.close();
    const [third, fresh] = [listener('order'), listener('user')];
    await bus.subscribe(third.subscription);
    const newcomer = await bus.subscribe(fresh.subscription);
    await settle(() => assert.deepEqual(firstSeen(fresh.got, 'a'), [8]));
    await newcomer.close();
    assert.deepEqual([here.losses, third.losses, fresh.losses], [[], [], []]);
  });

  test('beyond the end of a log that was made anew: it is read from its beginning', async () => {
    const bus = await world.open();
    await db.script(`truncate tradepost_bus.log restart identity; update tradepost_bus.forgotten set position = 0;
      insert into tradepost_bus.reader (name, position) values ('${world.address.prefix}-product', 500)`);
    const { subscription, got, losses } = listener('product');
    await bus.subscribe(subscription);
    await bus.publish(events(['b'], 1, 2));
    await settle(() => assertAllInOrder(got, ['b'], 2));
    assert.match(losses[0]?.reason ?? '', /position 500, beyond the end/);
  });

  test('what somebody wrote into the log with SQL and is no event, is put aside', async () => {
    const bus = await world.open();
    const { subscription, got, litter } = listener('payment');
    await bus.subscribe(subscription);
    await db.script(`insert into tradepost_bus.log (id, source, type, subject, time, trace, correlation, actor, data)
      values (gen_random_uuid(), 'order', 'order.created', 'c', now(), '', '', 'system', '"no object"'),
      (gen_random_uuid(), 'order', 'order.created', repeat('c', 2000), now(), '', '', 'system', '{}')`);
    await bus.publish(events(['c'], 1, 1));
    await settle(() => assertAllInOrder(got, ['c'], 1));
    assert.equal(litter.length, 2);
  });

  test('what does not concern a group is passed over, however it looks, and the others of its subject come', async () => {
    const bus = await world.open();
    const { subscription, got, litter } = listener('delivery');
    const concerns = ({ subject, data }: Envelope) => subject === 'd' && numberOf({ data } as Envelope) !== 2;
    await bus.subscribe({ ...subscription, concerns });
    await bus.publish([event('d', 1), event('d', 2), event('e', 1, { data: '"no object"' }), event('d', 3)]);
    await settle(() => assert.deepEqual(firstSeen(got, 'd'), [1, 3]));
    await bus.publish([event('e', 2)]);
    await settle(async () => {
      const positions = await db.query<{ reached: number; last: number }>({
        name: '',
        text: `select r.position as reached, (select max(position) from tradepost_bus.log) as last
          from tradepost_bus.reader r where name like '%-delivery'`,
      });
      assert.equal(positions[0]?.reached, positions[0]?.last);
    });
    assert.deepEqual([got.length, litter], [2, []]);
  });

  test('what this process publishes is parsed once for all its groups', async () => {
    const bus = await world.open();
    const payloads: Record<string, (Payload | undefined)[]> = { f: [], g: [] };
    const seen = (group: string): Subscription => ({
      ...listener(group).subscription,
      async handle({ subject }, payload) {
        payloads[subject]?.push(payload);
      },
    });
    for (const group of ['user', 'analytics']) await bus.subscribe(seen(group));
    for (const subject of ['f', 'g']) {
      await bus.publish([event(subject, 1)]);
      await settle(() => assert.equal(payloads[subject]?.length, 2));
    }
    const [first, second] = payloads.g ?? [];
    assert.ok(first && first === second);
  });
});
