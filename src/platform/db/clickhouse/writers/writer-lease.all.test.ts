import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { settle } from '../../../../testing/settle.ts';
import { ConfigError } from '../../../config/config.ts';
import { common } from '../../../contract/errors.ts';
import { overHttp, quiet, type StoreTarget } from '../clickhouse.fixture.ts';
import type { ClickHouse } from '../engine.ts';
import { migrateClickHouse } from '../migrate.ts';
import { clickhouseSet } from '../migration-set.ts';
import { forgetProcesses } from '../retention.ts';
import { processLocks } from './locks.ts';
import { type LeaseTiming, type ProcessIdentity, type WriterLease, writerLease } from './writer-lease.ts';

/** As in a process, and ten times as fast. */
const PACE: LeaseTiming = { everyMs: 200, safeMs: 700, aliveMs: 1_500 };
const UNAVAILABLE = { code: 'TRADEPOST_UNAVAILABLE' };
const SERVICES = ['order', 'user'];
let pids = 5_000_000;

overHttp('who writes a service on a server', (way) => {
  let place: StoreTarget;
  let engine: ClickHouse;
  const open: WriterLease[] = [];
  beforeEach(async () => {
    place = await way.open('user');
    const joined = await place.join();
    engine = joined.engine;
    await migrateClickHouse(engine, joined.locks, [clickhouseSet(engine, 'order')]);
  });
  afterEach(async () => {
    for (const claims of open.splice(0)) await claims.close();
    await engine.command(`drop database if exists ${place.prefix}_order`);
    await place.close();
  });

  interface Started {
    readonly who: ProcessIdentity;
    readonly claims: WriterLease;
    /** Its way to the engine can be cut. */
    readonly wire: { cut: boolean };
    /** Whether it may write. */
    writes(): Promise<void>;
  }

  function processOn(more: Partial<ProcessIdentity> & { shared?: boolean; pace?: LeaseTiming } = {}): Started {
    const pid = more.pid ?? ++pids;
    const { shared = false, pace = PACE, ...rest } = more;
    const who = { name: `process ${pid} ${Math.random()}`, host: `host of ${pid}`, pid_space: 'one', pid, ...rest };
    const wire = { cut: false };
    const away = () => {
      if (wire.cut) throw common.UNAVAILABLE();
    };
    const own: ClickHouse = {
      ...engine,
      async query(...args) {
        away();
        return engine.query(...args);
      },
      async insert(...args) {
        away();
        return engine.insert(...args);
      },
    };
    const claims = writerLease({ engine: own, log: quiet, shared, me: who, pace });
    open.push(claims);
    const locks = claims.under(processLocks());
    return { who, claims, wire, writes: () => locks.alone('things', async ({ assertHeld: stillOurs }) => stillOurs()) };
  }

  async function running(more: Parameters<typeof processOn>[0] = {}): Promise<Started> {
    const one = processOn(more);
    await one.claims.claim(SERVICES);
    return one;
  }

  async function refusalOf(one: Started, services = SERVICES): Promise<string> {
    const error = await one.claims.claim(services).then(
      () => assert.fail('it was let in'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.faults.length, 1);
    return error.message;
  }

  test('a second process is refused at once, by a sentence that says who writes and what to do', async () => {
    const first = await running();
    const sentence = await refusalOf(processOn());
    assert.match(
      sentence,
      new RegExp(
        `^The service order is written by process ${first.who.pid} on ${first.who.host} since 20\\d\\d-.*; ` +
          'stop it, or set CLICKHOUSE_LOCKS=redis and REDIS_URL for all processes that write it\\.$',
      ),
    );
    await first.writes();
  });

  test('processes that write different services do not meet', async () => {
    await processOn().claims.claim(['order']);
    await processOn().claims.claim(['user']);
    assert.match(await refusalOf(processOn(), ['user']), /^The service user is written by/);
  });

  test('of many that start at the same moment exactly one stays', async () => {
    for (let round = 0; round < 5; round++) {
      // At a pace that a busy machine keeps: who takes too long over it is let in by nobody.
      const all = Array.from({ length: 4 }, () =>
        processOn({ pace: { everyMs: 500, safeMs: 20_000, aliveMs: 30_000 } }),
      );
      const ended = await Promise.allSettled(all.map(({ claims }) => claims.claim(SERVICES)));
      const stayed = all.filter((_, n) => ended[n]?.status === 'fulfilled');
      assert.equal(stayed.length, 1, JSON.stringify(ended));
      for (const one of ended) if (one.status === 'rejected') assert.equal(one.reason.name, 'ConfigError');
      await stayed[0]?.claims.close();
    }
  });

  test('a place is free at once after an orderly end', async () => {
    const first = await running();
    await first.claims.close();
    await (await running()).writes();
  });

  test('a process that was refused keeps nobody out', async () => {
    const orders = processOn();
    await orders.claims.claim(['user']);
    await refusalOf(processOn());
    await processOn().claims.claim(['order']);
  });

  test('a process of another host that died keeps others out until it has been silent for long enough', async () => {
    const first = await running();
    first.wire.cut = true;
    const second = processOn();
    await refusalOf(second);
    await settle(() => second.claims.claim(SERVICES));
    await assert.rejects(first.writes(), UNAVAILABLE);
    await second.writes();
  });

  test('a dead process of this host keeps nobody out, nor does a former life with the same number', async () => {
    const host = 'this one';
    const dead = { host, pid_space: 'one', shared: 0, written_by: 'dead' };
    for (const [n, pid] of [4_194_304 + 7, process.pid].entries()) {
      const row = { ...dead, name: `dead ${n}`, pid, position: n + 1 };
      await engine.insert(`${place.prefix}_order.process`, [row]);
    }
    await (await running({ host, pid: process.pid })).writes();
  });

  test('a living process of this host keeps others out', async () => {
    const living = await running({ host: 'this one', pid: process.ppid });
    const sentence = await refusalOf(processOn({ host: 'this one', pid: process.pid }));
    assert.match(sentence, new RegExp(`process ${living.who.pid} on this one`));
  });

  test('processes that were seen last long ago are forgotten, but for the last that came', async () => {
    const table = `${place.prefix}_order.process`;
    for (const position of [1, 2, 3]) {
      const seen_at = `2026-01-0${position}T00:00:00.000Z`;
      const row = { name: `old ${position}`, host: 'h', pid_space: '', pid: 1, shared: 0, seen_at, position };
      await engine.insert(table, [{ ...row, written_by: 'old' }]);
    }
    await forgetProcesses(engine, 'order', 30);
    assert.deepEqual(await engine.query(`select name from ${table}`), [{ name: 'old 3' }]);
  });

  test('two systems in one process are two who write', async () => {
    const first = await running({ host: 'this one', pid: process.pid });
    await refusalOf(processOn({ host: 'this one', pid: process.pid }));
    await first.writes();
  });

  test('a process number of another container says nothing: its silence does', async () => {
    const host = 'one name for all';
    const first = await running({ host, pid: 1, pid_space: 'a' });
    assert.match(await refusalOf(processOn({ host, pid: 1, pid_space: 'b' })), /is written by process 1 on/);
    first.wire.cut = true;
    await running({ host, pid: 1, pid_space: 'b' });
  });

  test('processes that share their locks are let in together, and no other with them', async () => {
    const [first] = [await running({ shared: true }), await running({ shared: true })];
    await first?.writes();
    assert.match(
      await refusalOf(processOn()),
      /, with CLICKHOUSE_LOCKS=redis; stop it, or set CLICKHOUSE_LOCKS=redis and REDIS_URL here as well\.$/,
    );
  });

  test('a process that shares its locks is refused beside one that does not', async () => {
    await running();
    assert.match(
      await refusalOf(processOn({ shared: true })),
      /, with CLICKHOUSE_LOCKS=process; stop it, or start it with CLICKHOUSE_LOCKS=redis as this one\.$/,
    );
  });

  test('who cannot say that it lives stops writing in time, and goes on when it is sure again', async () => {
    const one = await running();
    one.wire.cut = true;
    await settle(() => assert.rejects(one.writes(), UNAVAILABLE));
    one.wire.cut = false;
    await settle(() => one.writes());
  });

  test('who was taken for dead stays out while the other one writes, and comes back in another term', async () => {
    const terms: number[] = [];
    const first = await running();
    const locks = first.claims.under(processLocks());
    const term = () => locks.alone('things', async (turn) => void terms.push(turn.term));
    await term();
    first.wire.cut = true;
    const second = processOn();
    await settle(() => second.claims.claim(SERVICES));
    first.wire.cut = false;
    await sleep(1_000);
    await assert.rejects(first.writes(), UNAVAILABLE);
    await second.writes();
    await second.claims.close();
    await settle(() => first.writes());
    await term();
    assert.ok((terms[1] ?? 0) > (terms[0] ?? 0), `${terms}`);
  });

  test('a claim lives as long as its process says so', async () => {
    const one = await running();
    await sleep(2_500);
    await one.writes();
    await refusalOf(processOn());
  });
});
