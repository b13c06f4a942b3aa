import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { hasChdb } from '../../../testing/clickhouse.ts';
import { type TestDatabase, testDatabase } from '../../../testing/databases.ts';
import { engine } from '../../../testing/engines.ts';
import { openDatabase } from '../postgres/postgres.ts';
import { type CommandProcess, fillOrders, tradepost } from './copy.fixture.ts';

const ORDERS = 12_000;
const KILLS = 5;

const skip = !hasChdb() && !process.env.CI && 'chDB is not installed';

describe('a copy that is killed again and again', { skip }, () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-copy-'));
  const running = new Set<CommandProcess>();
  let source: TestDatabase;
  let back: TestDatabase;
  before(async () => {
    source = await testDatabase(engine);
    back = await testDatabase(engine);
    const db = openDatabase(source.url, { poolSize: 1 });
    await fillOrders(db, ORDERS);
    await db.close();
  });
  after(async () => {
    for (const one of running) one.kill();
    await Promise.all([...running].map((one) => one.ended));
    await source.drop();
    await back.drop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const copy = (from: string, to: string, database: TestDatabase): CommandProcess => {
    const words = ['db', 'copy', '--from', from, '--to', to, '--only', 'order'];
    const started = tradepost(words, { DATA_DIR: dataDir, DB_DRIVER: 'postgres', DATABASE_URL: database.url });
    running.add(started);
    void started.ended.then(() => running.delete(started));
    return started;
  };

  /** Kills it somewhere in the middle, so and so often, and then lets it end. Answers what the last run said. */
  async function untilDone(start: () => CommandProcess): Promise<string> {
    for (let kills = 0; ; ) {
      const one = start();
      if (kills < KILLS) {
        // The last kill hits while both sides are read again.
        await seen(one, kills === KILLS - 1 ? 'checking order.' : 'copying order.');
        await delay(Math.random() * 500);
        one.kill();
      }
      const code = await one.ended;
      if (code === 'SIGKILL') kills += 1;
      else {
        assert.equal(code, 0, one.said());
        return one.said();
      }
    }
  }

  test(`goes on where it was, ${KILLS} times, and no row is there twice`, async () => {
    const said = await untilDone(() => copy('postgres', 'clickhouse', source));
    assert.match(said, /An earlier copy was interrupted/);
    assert.match(said, /order.orders +12 000 +[0-9a-f]{24} +same/);
    const { openChdb } = await import('../clickhouse/chdb.ts');
    const chdb = await openChdb({ dataDir, prefix: 'tradepost' });
    try {
      const counted = await chdb.query(`select
        (select count() from tradepost_order.orders) as orders,
        (select uniqExact(position) from tradepost_order.orders) as places,
        (select count() from tradepost_order.timeline) as told,
        (select count() from tradepost_order.kept_mark final) as kept,
        (select max(position) from tradepost_order.relay) = (select max(position) from tradepost_order.orders)
          as published`);
      assert.deepEqual(counted, [
        // Not the number of the orders: a page that was there when it was sent again leaves places free behind it.
        { orders: ORDERS, places: ORDERS, told: ORDERS, kept: 2 * ORDERS, published: 1 },
      ]);
    } finally {
      await chdb.close();
    }
  });

  test('and so it does on the way back', async () => {
    const said = await untilDone(() => copy('clickhouse', 'postgres', back));
    assert.match(said, /An earlier copy was interrupted/);
    const tables = ['orders', 'request', 'inbox', 'timeline'];
    const prints = tables.map((name) => {
      const row = name === 'timeline' ? `to_jsonb(t) - 'nth'` : 'to_jsonb(t)';
      return `select '${name}' as name, count(*) as rows,
        md5(string_agg((${row})::text, '' order by (${row})::text collate "C")) as print from tradepost_order.${name} t`;
    });
    const [first, second] = await Promise.all(
      [source, back].map(async ({ url }) => {
        const db = openDatabase(url, { poolSize: 1 });
        await db.script('set statement_timeout = 0');
        return db.query({ name: '', text: `${prints.join(' union all ')} order by name` }).finally(() => db.close());
      }),
    );
    assert.deepEqual(second, first, 'what came back is what went');
  });
});

async function seen(one: CommandProcess, words: string): Promise<void> {
  let over = false;
  void one.ended.then(() => {
    over = true;
  });
  while (!over && !one.said().includes(words)) await delay(5);
}
