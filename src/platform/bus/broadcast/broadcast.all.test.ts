import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { settle } from '../../../testing/settle.ts';
import {
  type Broker,
  type BrokerKind,
  type BrokerWorld,
  brokerOf,
  KINDS,
  worldOn,
} from '../fixtures/brokers.fixture.ts';
import { assertGapIsTold, BROADCAST_PROMISES, hear, sendWhenPossible } from './broadcast.fixture.ts';

// What every bus promises of broadcasts, on the real broker; of the embedded one the first tier has it as well.

describe('broadcasts of every bus', { concurrency: KINDS.length }, () => {
  for (const kind of KINDS) describe(kind.title, { concurrency: 1 }, () => suite(kind));
});

function suite(kind: BrokerKind): void {
  let broker: Broker;
  before(async () => {
    broker = await brokerOf(kind);
  });
  after(() => broker.end());

  function promise(sentence: string, work: (world: BrokerWorld, t: TestContext) => Promise<void>): void {
    test(sentence, async (t) => {
      if (broker.missing !== undefined) return missing(t, broker.missing);
      const world = await worldOn(kind, broker.url);
      try {
        await work(world, t);
      } finally {
        await world.end();
      }
    });
  }

  for (const [sentence, work] of Object.entries(BROADCAST_PROMISES)) promise(sentence, work);

  promise(
    'a broker that is killed and comes back is a gap, and what is said after it was told is heard',
    async (world, t) => {
      const server = broker.own;
      if (!server) return missing(t, 'the broker is not ours to kill');
      await assertGapIsTold(world, async () => {
        await server.kill();
        await server.restart();
      });
    },
  );

  if ('away' in kind.differs) return;
  promise('who begins to listen while the broker is away is told of a gap when it comes', async ({ open }, t) => {
    const server = broker.own;
    if (!server) return missing(t, 'the broker is not ours to kill');
    await server.kill();
    const bus = await open();
    const { heard, gaps } = await hear(bus);
    await assert.rejects(bus.broadcast('news', 'lost'));
    assert.equal(gaps(), 0);
    await server.restart();
    await settle(() => assert.ok(gaps() > 0));
    await sendWhenPossible(bus, 'after');
    await settle(() => assert.equal(heard.at(-1), 'after'));
  });
}

/** A bus that nobody can try is no success where it must be there. */
function missing(t: TestContext, reason: string): void {
  if (process.env.CI) assert.fail(reason);
  t.skip(reason);
}
