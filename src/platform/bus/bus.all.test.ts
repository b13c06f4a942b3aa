import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { settle } from '../../testing/settle.ts';
import type { Envelope } from '../contract/events.ts';
import { type Bus, MAX_IN_FLIGHT } from './bus.ts';
import {
  type Broker,
  type BrokerKind,
  type BrokerWorld,
  brokerOf,
  KINDS,
  worldOn,
} from './fixtures/brokers.fixture.ts';
import { assertAllInOrder, event, events, firstSeen, listener, numberOf, subjects } from './fixtures/bus.fixture.ts';

// What every bus promises, on the real broker. Where one differs, `KINDS` names the sentence and says why.

const CHILD = fileURLToPath(new URL('fixtures/listener.fixture.ts', import.meta.url));

/** As the relay does it: what is not taken again, until it is. */
async function publishUntilAccepted(bus: Bus, batch: readonly Envelope[]): Promise<void> {
  for (let left = batch; left.length > 0; ) {
    try {
      left = (await bus.publish(left)).map(({ event }) => event);
    } catch {
      await sleep(100);
    }
  }
}

// Side by side, each on a broker of its own.
describe('every bus', { concurrency: KINDS.length }, () => {
  for (const kind of KINDS) describe(kind.title, { concurrency: 1 }, () => suite(kind));
});

function suite(kind: BrokerKind): void {
  let broker: Broker;
  before(async () => {
    broker = await brokerOf(kind);
  });
  after(() => broker.end());

  /** A test with a bus of its own; `sentence` names what a kind may differ in. */
  function promise(name: string, work: (world: BrokerWorld, t: TestContext) => Promise<void>, sentence = ''): void {
    // What a bus cannot promise by its nature is no test that was left out: `KINDS` and the README of this room say it.
    if (sentence in kind.differs) return;
    test(name, async (t) => {
      if (broker.missing !== undefined) return missing(t, broker.missing);
      const world = await worldOn(kind, broker.url);
      try {
        await work(world, t);
      } finally {
        await world.end();
      }
    });
  }

  promise('an event arrives byte for byte, with every attribute', async ({ open }) => {
    const bus = await open();
    const { subscription, got } = listener('order');
    await bus.subscribe(subscription);
    const data = '{"total": 1299.90, "note":"Grüße, \\"日本\\" 🚚",  "list":[ ]}';
    const sent = event('17', 1, { data, causation: randomUUID(), about: 'order/17', actor: 'user/2/alice' });
    await bus.publish([sent]);
    await settle(() => assert.deepEqual(strip(got[0]), strip(sent)));
  });

  promise('the events of a subject come in their order, among many subjects', async ({ open }) => {
    const bus = await open();
    const { subscription, got } = listener('order');
    await bus.subscribe(subscription);
    const names = subjects(200);
    for (let n = 1; n <= 5; n++) await bus.publish(events(names, 2 * n - 1, 2 * n));
    await settle(() => assertAllInOrder(got, names, 10));
  });

  promise('a subject that is stuck holds up no other', async ({ open }) => {
    const bus = await open();
    const stuck = Promise.withResolvers<void>();
    const { subscription, got } = listener('order', ({ subject }) =>
      subject === 's0' ? stuck.promise : Promise.resolve(),
    );
    await bus.subscribe(subscription);
    const names = subjects(50);
    await bus.publish(events(names, 1, 4));
    await settle(() => assertAllInOrder(got, names.slice(1), 4));
    assert.deepEqual(firstSeen(got, 's0'), []);
    stuck.resolve();
    await settle(() => assertAllInOrder(got, names, 4));
  });

  promise('a slow listener is never given more than it can have under way', async ({ open }) => {
    const bus = await open();
    const go = Promise.withResolvers<void>();
    let underWay = 0;
    let most = 0;
    const { subscription, got } = listener('order', async () => {
      most = Math.max(most, ++underWay);
      await go.promise;
      underWay--;
    });
    await bus.subscribe(subscription);
    const names = subjects(1_500);
    for (let n = 0; n < 1_500; n += 500) await bus.publish(events(names.slice(n, n + 500), 1, 1));
    await settle(() => assert.ok(underWay > MAX_IN_FLIGHT / 2, `${underWay} under way`));
    go.resolve();
    await settle(() => assertAllInOrder(got, names, 1));
    assert.ok(most <= MAX_IN_FLIGHT, `${most} under way at once`);
  });

  promise(
    'an event that is let go of comes again before its successors, and holds up no other subject',
    async ({ open }) => {
      const bus = await open();
      let failures = 0;
      const { subscription, got } = listener('order', async (one) => {
        if (one.subject === 'poison' && numberOf(one) === 1 && failures++ < 2) throw new Error('not now');
      });
      await bus.subscribe(subscription);
      const names = subjects(20);
      await bus.publish([event('poison', 1), event('poison', 2), ...events(names, 1, 3)]);
      await settle(() => assertAllInOrder(got, names, 3));
      assert.ok(failures < 3, 'the others did not wait for the poison');
      await settle(() => assertAllInOrder(got, ['poison'], 2));
      assert.equal(failures, 3);
    },
  );

  promise(
    'what is no event is put aside, and what nobody wants is passed over',
    async ({ open, litter: throwIn }) => {
      const bus = await open();
      const { subscription, got, litter } = listener('order');
      await bus.subscribe(subscription);
      await bus.publish([event('a', 1), event('a', 1, { type: 'order.forgotten' })]);
      await throwIn?.('not even { JSON');
      await bus.publish([event('a', 2)]);
      await settle(() => assert.deepEqual(new Set(litter), new Set(['not even { JSON'])));
      await settle(() => assertAllInOrder(got, ['a'], 2));
      assert.ok(got.every(({ type }) => type === 'order.created'));
    },
    'litter',
  );

  promise('two groups get everything each', async ({ open }) => {
    const bus = await open();
    const one = listener('order');
    const other = listener('invoice');
    await Promise.all([bus.subscribe(one.subscription), bus.subscribe(other.subscription)]);
    const names = subjects(30);
    await bus.publish(events(names, 1, 3));
    await settle(() => assertAllInOrder(one.got, names, 3));
    await settle(() => assertAllInOrder(other.got, names, 3));
  });

  promise(
    'a group that comes later begins with the oldest event',
    async ({ open }) => {
      const bus = await open();
      const names = subjects(30);
      await bus.publish(events(names, 1, 2));
      const { subscription, got } = listener('order');
      await bus.subscribe(subscription);
      await bus.publish(events(names, 3, 3));
      await settle(() => assertAllInOrder(got, names, 3));
    },
    'past',
  );

  promise(
    'two processes of a group share its subjects, each with one of them at a time',
    async ({ open }) => {
      const inHand = new Set<string>();
      const twice: string[] = [];
      const careful = async ({ subject }: Envelope) => {
        if (inHand.has(subject)) twice.push(subject);
        inHand.add(subject);
        await sleep(1);
        inHand.delete(subject);
      };
      const [one, other] = [listener('order', careful), listener('order', careful)];
      const bus = await open();
      await bus.subscribe(one.subscription);
      const names = subjects(100);
      await bus.publish(events(names, 1, 3));
      await settle(() => assert.ok(one.got.length > 0));
      await (await open()).subscribe(other.subscription);
      let round = 3;
      await settle(async () => {
        await bus.publish(events(names, round + 1, ++round));
        assert.ok(other.got.length > 300, 'the second has its share');
      });
      await settle(() => assertAllInOrder([...one.got, ...other.got], names, round));
      const late = one.got.length;
      await bus.publish(events(names, round + 1, round + 1));
      await settle(() => assertAllInOrder([...one.got, ...other.got], names, round + 1));
      assert.ok(one.got.length > late, 'the first kept its share');
      assert.deepEqual(twice, []);
    },
    'share',
  );

  promise('when a process dies, another takes over all that it was given', async ({ open, address }) => {
    const names = subjects(40);
    const bus = await open();
    const child = spawn(process.execPath, [CHILD, JSON.stringify(address)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let given = '';
    child.stdout.on('data', (text: Buffer) => {
      given += text;
    });
    await settle(async () => {
      await bus.publish([event('first', 1)]);
      assert.ok(given.includes('first'));
    });
    await bus.publish(events(names, 1, 2));
    await settle(() => assert.ok(given.split('\n').length > 30, given));
    const { subscription, got } = listener('order');
    await bus.subscribe(subscription);
    const dead = once(child, 'exit');
    child.kill('SIGKILL');
    await dead;
    await bus.publish(events(names, 3, 3));
    await settle(() => assertAllInOrder(got, names, 3));
  });

  promise('a process that ends under load loses nothing; the next one gets the rest', async ({ open }) => {
    const bus = await open();
    const first = listener('order', () => sleep(2));
    const delivery = await bus.subscribe(first.subscription);
    const names = subjects(100);
    for (let n = 0; n < 5; n++) await bus.publish(events(names, 4 * n + 1, 4 * n + 4));
    await settle(() => assert.ok(first.got.length > 200));
    await delivery.close();
    const count = first.got.length;
    const second = listener('order');
    await (await open()).subscribe(second.subscription);
    await settle(() => assertAllInOrder([...first.got, ...second.got], names, 20));
    assert.equal(first.got.length, count, 'after its end it was given nothing');
    assert.ok(second.got.length < 2_000, 'what was done with did not all come again');
  });

  promise(
    'a broker that is killed and comes back loses nothing, and everybody goes on by himself',
    async ({ open }, t) => {
      const server = broker.own;
      if (!server) return missing(t, 'the broker is not ours to kill');
      const bus = await open();
      const { subscription, got } = listener('order', () => sleep(1));
      await bus.subscribe(subscription);
      const names = subjects(50);
      const publishing = (async () => {
        for (let n = 1; n <= 40; n++) {
          await publishUntilAccepted(bus, events(names, n, n));
          await sleep(5);
        }
      })();
      await settle(() => assert.ok(got.length > 200));
      await server.kill();
      await assert.rejects(bus.publish([event('late', 1)]));
      await assert.rejects(bus.ping());
      await server.restart();
      await publishing;
      await settle(() => assertAllInOrder(got, names, 40));
      await settle(() => bus.ping());
    },
  );

  promise(
    'a process that starts while the broker is away begins when it comes',
    async ({ open }, t) => {
      const server = broker.own;
      if (!server) return missing(t, 'the broker is not ours to kill');
      await server.kill();
      const bus = await open();
      const { subscription, got } = listener('order');
      await bus.subscribe(subscription);
      await assert.rejects(bus.publish([event('a', 1)]));
      await server.restart();
      await settle(async () => {
        await bus.publish([event('a', 1)]);
        assert.ok(got.length > 0);
      });
    },
    'away',
  );
}

/** A bus that nobody can try is no success where it must be there. */
function missing(t: TestContext, reason: string): void {
  if (process.env.CI) assert.fail(reason);
  t.skip(reason);
}

const strip = (one: Envelope | undefined) =>
  Object.fromEntries(Object.entries(one ?? {}).filter(([name, value]) => name !== 'position' && value !== undefined));
