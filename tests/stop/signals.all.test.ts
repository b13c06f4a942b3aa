import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { openDatabase } from '../../src/platform/db/postgres/postgres.ts';
import { clientOf } from '../../src/testing/client.ts';
import { testDatabase } from '../../src/testing/databases.ts';
import { engine } from '../../src/testing/engines.ts';
import { PASSWORD } from '../../src/testing/world.ts';
import { readyAt, serversOf, until } from '../journeys/process.fixture.ts';
import { MOUSE } from '../journeys/shop.fixture.ts';
import { goneBy, pidOf, placeFor, type Way } from './launch.fixture.ts';

const DRAINS = [
  ['node', 'SIGHUP'],
  ['launcher', 'SIGINT'],
  ['launcher', 'SIGTERM'],
  ['launcher', 'SIGHUP'],
] as const;
const LIMIT = { timeout: 240_000 };

describe('a signal', () => {
  test('to the process or to its launcher drains, half a request or not', LIMIT, async (t) => {
    const place = placeFor(t);
    for (const [way, signal] of DRAINS) {
      const started = place.start(way);
      const { port } = new URL(await readyAt(started));
      const half = connect(Number(port), '127.0.0.1').on('error', () => undefined);
      half.write('POST /orders HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{');
      await once(half, 'connect');
      started.child.kill(signal);
      assert.equal(await started.ended, 0, started.said());
      assert.match(started.said(), new RegExp(`"signal":"${signal}"`));
      assert.doesNotMatch(started.said(), /not stopped after|second signal/);
      await place.noneLeft();
    }
  });

  test('that a terminal sends to the launcher and to its child counts once', LIMIT, async (t) => {
    const place = placeFor(t);
    const started = place.start('launcher');
    await readyAt(started);
    process.kill(pidOf(started.said()) ?? 0, 'SIGINT');
    started.child.kill('SIGINT');
    assert.equal(await started.ended, 0, started.said());
    assert.doesNotMatch(started.said(), /second signal/);
    await place.noneLeft();
  });

  test('to npm drains what npm started', LIMIT, async (t) => {
    const place = placeFor(t);
    const started = place.start('npm');
    await readyAt(started);
    const served = pidOf(started.said()) ?? 0;
    started.child.kill('SIGTERM');
    await started.ended;
    await goneBy(served);
    // Some shells pass the signal on, others end by it and leave their child, which notices.
    assert.match(started.said(), /"signal":"SIGTERM"|is gone; stopping/);
    assert.doesNotMatch(started.said(), /second signal/);
    await place.noneLeft();
  });

  test('SIGQUIT ends it at once, and its database with it', LIMIT, async (t) => {
    const place = placeFor(t);
    for (const way of ['node', 'launcher'] as const) {
      const started = place.start(way);
      await readyAt(started);
      started.child.kill('SIGQUIT');
      assert.equal(await started.ended, 131, started.said());
      await place.noneLeft();
    }
  });

  test('during the start waits for it, through the launcher too', LIMIT, async (t) => {
    const place = placeFor(t);
    const early = place.start('launcher');
    await until(() => (serversOf(place.dataDir).length > 0 || process.platform !== 'linux' ? true : undefined), 60_000);
    early.child.kill('SIGHUP');
    assert.equal(await early.ended, 0, early.said());
    await place.noneLeft();
  });

  test('again ends what does not drain', LIMIT, async (t) => {
    const database = await testDatabase(engine);
    const holder = openDatabase(database.url, { poolSize: 1 });
    const ask = (text: string) => holder.query<object>({ name: '', text }, []);
    t.after(async () => {
      await holder.close();
      await database.drop();
    });
    const place = placeFor(t);
    const started = place.start('launcher', { DB_DRIVER: 'postgres', DATABASE_URL: database.url });
    const url = await readyAt(started);
    const { body } = await clientOf(url).post('/register', { username: 'owner', password: PASSWORD });
    await ask('begin');
    await ask('lock table tradepost_order.orders in access exclusive mode');
    const headers = { authorization: `Bearer ${body.token}` };
    const cut = clientOf(url)
      .post('/orders/single', { product_id: MOUSE, quantity: 1 }, headers)
      .catch(() => 'cut');
    await until(async () => {
      const rows = await ask("select 1 from pg_locks where not granted and locktype = 'relation'");
      return rows.length > 0 ? true : undefined;
    }, 60_000);
    let ended = false;
    void started.ended.then(() => {
      ended = true;
    });
    await until(() => {
      started.child.kill('SIGINT');
      return ended ? true : undefined;
    }, 60_000);
    assert.equal(await started.ended, 1, started.said());
    assert.match(started.said(), /second signal/);
    assert.equal(await cut, 'cut');
  });
});

test('a child whose launcher or npm was killed drains', LIMIT, async (t) => {
  const place = placeFor(t);
  for (const way of ['launcher', 'npm'] satisfies Way[]) {
    const started = place.start(way);
    const url = await readyAt(started);
    const served = pidOf(started.said()) ?? 0;
    started.child.kill('SIGKILL');
    await goneBy(served);
    await assert.rejects(fetch(url));
    await place.noneLeft();
  }
});

test('an error that nothing caught is one fatal line, a drain and code 1', LIMIT, async (t) => {
  const place = placeFor(t);
  for (const fault of ['throw new Error("lost")', 'Promise.reject(new Error("lost"))']) {
    const preload = `process.on('SIGUSR2', () => { ${fault} })`;
    const started = place.start('node', {
      NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(preload)}`,
    });
    await readyAt(started);
    started.child.kill('SIGUSR2');
    assert.equal(await started.ended, 1, started.said());
    const fatal = started
      .said()
      .split('\n')
      .filter((line) => line.includes('"level":"fatal"'));
    assert.equal(fatal.length, 1, started.said());
    assert.match(fatal[0] ?? '', /"message":"lost"/);
    await place.noneLeft();
  }
});
