import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@redis/client';
import { type Server, startRedis } from '../../../../../scripts/services/index.ts';
import { redis as redisKind } from '../../../../../scripts/services/redis.ts';
import { settle } from '../../../../testing/settle.ts';
import { testBrokers } from '../../../config/config.ts';
import { missing, quiet } from '../clickhouse.fixture.ts';
import { type Locks, processLocks } from './locks.ts';
import { openRedisLocks } from './redis-locks.ts';

const UNAVAILABLE = { code: 'TRADEPOST_UNAVAILABLE', status: 503 };
const some = (n: number) => Array.from({ length: n }, (_, i) => i);

/** What all locks promise, to those who have them: one process or two. */
function promises(name: string, open: () => Promise<readonly Locks[]>): void {
  describe(name, () => {
    let all: readonly Locks[];
    let one: Locks;
    let other: Locks;
    before(async () => {
      all = await open();
      [one, other] = [all[0], all.at(-1)] as [Locks, Locks];
    });
    after(() => Promise.all(all.map((locks) => locks.close())));

    test('one at a time is at work under a name, and all get their turn', async () => {
      let atWork = 0;
      const done: number[] = [];
      const turn = (n: number) =>
        (n % 2 ? one : other).alone('things', async ({ assertHeld: stillOurs }) => {
          assert.equal(++atWork, 1);
          await sleep(1);
          stillOurs();
          atWork--;
          done.push(n);
          return n;
        });
      assert.deepEqual(await Promise.all(some(40).map(turn)), some(40));
      assert.deepEqual(
        done.filter((n) => n % 2 === 1),
        some(40).filter((n) => n % 2 === 1),
      );
    });

    test('two names do not wait for each other', async () => {
      const gate = Promise.withResolvers<string>();
      const held = one.alone('left', () => gate.promise);
      assert.equal(await other.alone('right', async () => 'free'), 'free');
      gate.resolve('done');
      assert.equal(await held, 'done');
    });

    test('work that fails gives the lock back', async () => {
      const fails = async () => {
        throw new Error('no luck');
      };
      await assert.rejects(one.alone('things', fails), { message: 'no luck' });
      assert.equal(await other.alone('things', async () => 'next'), 'next');
    });

    test('who leads, leads until it yields', async () => {
      assert.deepEqual(await one.leading.claim(['a', 'b']), new Set(['a', 'b']));
      assert.deepEqual(await one.leading.claim(['a', 'b']), new Set(['a', 'b']));
      assert.deepEqual([one.leading.holds('a'), one.leading.holds('c')], [true, false]);
      await one.leading.yield('a');
      assert.deepEqual([one.leading.holds('a'), one.leading.holds('b')], [false, true]);
      assert.deepEqual(await other.leading.claim(['a']), new Set(['a']));
    });
  });
}

promises('the locks of one process', async () => [processLocks()]);

test('who waits ten seconds for a process that is stuck is told so, and those behind him go on', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const locks = processLocks();
  const gate = Promise.withResolvers<void>();
  const stuck = locks.alone('things', () => gate.promise);
  let ran = false;
  const late = locks.alone('things', async () => {
    ran = true;
  });
  t.mock.timers.tick(9_999);
  const behind = locks.alone('things', async () => 'next');
  t.mock.timers.tick(1);
  await assert.rejects(late, UNAVAILABLE);
  gate.resolve();
  await stuck;
  assert.deepEqual([await behind, ran], ['next', false]);
});

const { redis } = testBrokers();
if (redis === undefined) missing('locks in Redis', 'Redis does not run');
else onRedis(redis);

function onRedis(url: string): void {
  const newPrefix = () => `test-${randomBytes(5).toString('hex')}`;
  const open = (prefix: string) => openRedisLocks({ url, prefix, log: quiet });
  const openTwo = (prefix: string) => Promise.all([open(prefix), open(prefix)]);

  promises('locks in Redis, for two processes', () => openTwo(newPrefix()));

  describe('locks in Redis', { concurrency: 8 }, () => {
    const prefix = newPrefix();
    let one: Locks;
    let other: Locks;
    const raw = createClient({ url });
    before(async () => {
      [one, other] = await openTwo(prefix);
      await raw.connect();
    });
    after(async () => {
      await Promise.all([one.close(), other.close()]);
      for await (const keys of raw.scanIterator({ MATCH: `${prefix}*` })) if (keys.length > 0) await raw.del(keys);
      raw.destroy();
    });
    const keyOf = (name: string) => `${prefix}:lock:${name}`;

    test('a process that is busy all the time keeps none waiting that comes now and then', async (t) => {
      let over = false;
      let turns = 0;
      const busy = some(3).map(async () => {
        while (!over) {
          await one.alone('busy', () => sleep(3));
          turns++;
        }
      });
      // How often the busy one had the lock while the other waited.
      const waits: number[] = [];
      for (let n = 0; n < 30; n++) {
        const before = turns;
        await other.alone('busy', async () => undefined);
        waits.push(turns - before);
      }
      over = true;
      await Promise.all(busy);
      const sorted = waits.toSorted((a, b) => a - b);
      t.diagnostic(`waited for ${sorted[15]} turns of the busy one, at most ${sorted.at(-1)}`);
      assert.ok((sorted[15] ?? 0) <= 10, `waited for ${sorted} turns`);
    });

    test('what a process held that died is free again when its lease ends', async () => {
      await raw.set(keyOf('dead'), 'somebody who died', { PX: 700 });
      const holder = await one.alone('dead', () => raw.get(keyOf('dead')));
      assert.notEqual(holder, 'somebody who died');
    });

    test('a lock that cannot be had in ten seconds is UNAVAILABLE', async () => {
      await raw.set(keyOf('stuck'), 'somebody else', { PX: 60_000 });
      const began = performance.now();
      await assert.rejects(
        one.alone('stuck', async () => assert.fail('it is not free')),
        UNAVAILABLE,
      );
      const waited = performance.now() - began;
      assert.ok(waited > 9_900, `waited ${waited} ms`);
    });

    test('work that takes longer than a lease keeps its lock', async () => {
      let atWork = true;
      const long = one.alone('long', async ({ assertHeld: stillOurs }) => {
        for (const end = performance.now() + 6_500; performance.now() < end; await sleep(50)) stillOurs();
        atWork = false;
      });
      await sleep(20);
      await other.alone('long', async () => assert.equal(atWork, false));
      await long;
    });

    test('who has lost his lock finds out before he writes, and does not give back the one of another', async () => {
      await one.alone('taken', async ({ assertHeld: stillOurs }) => {
        stillOurs();
        await raw.set(keyOf('taken'), 'another');
        await settle(() => assert.throws(stillOurs, UNAVAILABLE));
      });
      await one.alone('unrelated', async () => undefined);
      assert.equal(await raw.get(keyOf('taken')), 'another');
    });

    test('of two processes one leads, and the other takes over when it yields or closes', async () => {
      const [first, second, third] = [...(await openTwo(prefix)), await open(prefix)] as [Locks, Locks, Locks];
      assert.deepEqual(await first.leading.claim(['x', 'y']), new Set(['x', 'y']));
      assert.deepEqual(await second.leading.claim(['x', 'y', 'z']), new Set(['z']));
      await first.leading.yield('x');
      assert.deepEqual(await second.leading.claim(['x', 'y']), new Set(['x']));
      await first.close();
      assert.deepEqual(await second.leading.claim(['x', 'y']), new Set(['x', 'y']));
      await second.close();
      assert.deepEqual(await third.leading.claim(['x', 'y', 'z']), new Set(['x', 'y', 'z']));
      await third.close();
    });

    test('who leads goes on leading longer than a lease', async () => {
      assert.deepEqual(await one.leading.claim(['lead']), new Set(['lead']));
      for (const end = performance.now() + 7_500; performance.now() < end; await sleep(100)) {
        assert.equal(one.leading.holds('lead'), true);
        assert.deepEqual(await other.leading.claim(['lead']), new Set());
      }
    });

    test('the others are told that something was written, together, and never oneself', async () => {
      const heard = { one: 0, other: 0 };
      one.onNotification(() => heard.one++);
      other.onNotification(() => heard.other++);
      for (const _ of some(500)) one.notify();
      await settle(() => assert.ok(heard.other > 0));
      await sleep(50);
      assert.ok(heard.other <= 3, `told ${heard.other} times`);
      assert.equal(heard.one, 0);
    });
  });

  const lacking = redisKind.missing();
  if (lacking.length > 0) missing('locks in a Redis that fails', `${lacking.join(', ')} is not installed`);
  else describe('locks in a Redis that fails', thatFails);
}

function thatFails(): void {
  let dir: string;
  let server: Server;
  let locks: Locks;
  const unhandled: unknown[] = [];
  const note = (error: unknown): void => {
    unhandled.push(error);
  };
  before(async () => {
    process.on('unhandledRejection', note);
    dir = mkdtempSync(join(tmpdir(), 'tradepost-redis-'));
    server = await startRedis({ dir, whileCallerLives: true });
    locks = await openRedisLocks({ url: server.url, prefix: 'fails', log: quiet });
  });
  after(async () => {
    await locks.close();
    await server.kill();
    rmSync(dir, { recursive: true, force: true });
    process.off('unhandledRejection', note);
    assert.deepEqual(unhandled, []);
  });
  const ask = () => locks.alone('things', async () => 'done');

  test('everything is UNAVAILABLE at once while it is away, and works again when it is back', async () => {
    let heard = 0;
    locks.onNotification(() => heard++);
    assert.equal(await ask(), 'done');
    await server.kill();
    await assert.rejects(ask(), UNAVAILABLE);
    await assert.rejects(locks.leading.claim(['things']), UNAVAILABLE);
    locks.notify();
    await server.restart();
    await settle(async () => assert.equal(await ask(), 'done'));
    // What was told meanwhile was not heard: it is looked for.
    await settle(() => assert.ok(heard > 0));
  });

  test('one that hangs takes the locks away, and hangs nobody', async () => {
    await locks.leading.claim(['lead']);
    await locks.alone('held', async ({ assertHeld: stillOurs }) => {
      process.kill(server.pid, 'SIGSTOP');
      try {
        await assert.rejects(ask(), UNAVAILABLE);
        await settle(() => assert.throws(stillOurs, UNAVAILABLE));
        await settle(() => assert.equal(locks.leading.holds('lead'), false));
      } finally {
        process.kill(server.pid, 'SIGCONT');
      }
    });
    await settle(async () => assert.equal(await ask(), 'done'));
    await settle(async () => assert.equal((await locks.leading.claim(['lead'])).size, 1));
  });

  test('one that has forgotten everything lets a second one in: the engine must tell them apart', async () => {
    const other = await openRedisLocks({ url: server.url, prefix: 'fails', log: quiet });
    const raw = createClient({ url: server.url });
    await raw.connect();
    const both = Promise.withResolvers<void>();
    const held = locks.alone('forgotten', async () => {
      await raw.flushAll();
      await both.promise;
    });
    await settle(async () => assert.equal(await raw.dbSize(), 0));
    await other.alone('forgotten', async () => both.resolve());
    await held;
    raw.destroy();
    await other.close();
  });

  test('one that is not there at the start is named in a sentence', async () => {
    await assert.rejects(openRedisLocks({ url: 'redis://127.0.0.1:1', prefix: 'none', log: quiet }), {
      name: 'ConfigError',
      message: /^Redis does not answer at 127\.0\.0\.1:1 \(.*ECONNREFUSED.*\); check REDIS_URL/,
    });
  });
}
