import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { hasChdb } from '../../../testing/clickhouse.ts';
import { type TestDatabase, testDatabase } from '../../../testing/databases.ts';
import { engine } from '../../../testing/engines.ts';
import { type Database, openDatabase } from '../postgres/postgres.ts';
import { fillOrders, tradepost } from './copy.fixture.ts';
import { refuseUnfinishedInPostgres } from './postgres/unfinished.ts';

const ORDERS = 300;
const skip = !hasChdb() && !process.env.CI && 'chDB is not installed';

type Stores = 'postgres' | 'clickhouse';

// A shop that moves and moves back, killed between any two marks. The tests go on from each other.
describe('a store that a copy has left', { skip }, () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-moved-'));
  let home: TestDatabase;
  let other: TestDatabase;
  let rows: unknown;
  before(async () => {
    home = await testDatabase(engine);
    other = await testDatabase(engine);
    await inDatabase(home, (db) => fillOrders(db, ORDERS));
    rows = await orders(home);
  });
  after(async () => {
    await home.drop();
    await other.drop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function inDatabase<T>({ url }: TestDatabase, work: (db: Database) => Promise<T>): Promise<T> {
    const db = openDatabase(url, { poolSize: 1 });
    return work(db).finally(() => db.close());
  }
  const orders = (database: TestDatabase): Promise<unknown> =>
    inDatabase(database, (db) =>
      db.query({
        name: '',
        text: `select to_jsonb(o) - 'nth' as row from tradepost_order.orders o order by order_id`,
      }),
    );

  async function run(words: readonly string[], env: Record<string, string> = {}, database = home) {
    const one = tradepost(words, {
      DATA_DIR: dataDir,
      DB_DRIVER: 'postgres',
      DATABASE_URL: database.url,
      PORT: '0',
      LOG_LEVEL: 'error',
      ...env,
    });
    return { code: await one.ended, said: one.said() };
  }
  const copy = (from: Stores, to: Stores, env: Record<string, string> = {}, database = home) =>
    run(['db', 'copy', '--from', from, '--to', to, '--only', 'order'], env, database);
  async function refused(asked: ReturnType<typeof run>, sentence: RegExp): Promise<void> {
    const { code, said } = await asked;
    assert.equal(code, 1, said);
    assert.match(said, sentence);
    assert.equal(said.trim().split('\n').length, 1, `one sentence, and nothing else: ${said}`);
  }
  async function done(asked: ReturnType<typeof run>): Promise<string> {
    const { code, said } = await asked;
    assert.equal(code, 0, said);
    return said;
  }
  async function killed(asked: ReturnType<typeof run>): Promise<void> {
    const { code, said } = await asked;
    assert.equal(code, 'SIGKILL', said);
  }
  const start = (store: Stores) => run(['start'], { DB_DRIVER: store, SERVICES: 'order', JWT_SECRET: 's'.repeat(40) });
  /** What a start asks before anything else, where nothing else would be started. */
  const mayStart = (database: TestDatabase): Promise<void> =>
    inDatabase(database, (db) => refuseUnfinishedInPostgres(['order'], { database: () => db }, true));
  const WENT =
    /^order went from PostgreSQL to chDB in .* on 20\d\d-\S+Z, so what is here is old: start with what is there \(DB_DRIVER=clickhouse, or ORDER_DB_DRIVER=clickhouse\), or copy it back .*, or give up what was done there with `tradepost db release --on postgres --only order`\.$/m;
  const CAME_BACK = /^order went from chDB in .* to PostgreSQL at .* on 20\d\d-\S+Z, so what is here is old/;

  test('when it is killed between the two marks neither side starts, and the same command goes on', async () => {
    await killed(copy('postgres', 'clickhouse', { FAILPOINT: 'copy.left:1' }));
    await refused(start('postgres'), WENT);
    await refused(start('clickhouse'), /^`tradepost db copy` has not finished bringing order to chDB/);
    assert.match(await done(copy('postgres', 'clickhouse')), /An earlier copy was interrupted/);
    await refused(start('postgres'), WENT);
  });

  test('nothing of the product goes on with what is old', async () => {
    await refused(run(['migrate']), WENT);
    await refused(run(['migrate', '--plan']), WENT);
    await refused(run(['seed']), WENT);
    await refused(
      copy('postgres', 'clickhouse'),
      /is not empty: order has 300 rows of orders: a copy from .* was finished on/,
    );
    await refused(
      copy('postgres', 'clickhouse', { DATA_DIR: join(dataDir, 'third') }),
      /^order went from PostgreSQL at /,
    );
    const { code, said } = await run(['doctor', '--json'], { SERVICES: 'order,product,user' });
    assert.equal(code, 1);
    assert.match(said, /order went from PostgreSQL/);
    const status = await run(['status', '--json'], { PORT: '1' });
    assert.equal(status.code, 2);
    assert.match(status.said, /order went from PostgreSQL/);
  });

  test('is emptied when it comes back, and killed there neither side starts', async () => {
    await inDatabase(home, (db) => db.script(`update tradepost_order.orders set username = 'old'`));
    assert.match(
      await done(run(['db', 'copy', '--from', 'clickhouse', '--to', 'postgres', '--only', 'order', '--dry-run'])),
      /is removed first/,
    );
    await killed(copy('clickhouse', 'postgres', { FAILPOINT: 'copy.begun:1' }));
    await refused(start('postgres'), WENT);
    await killed(copy('clickhouse', 'postgres', { FAILPOINT: 'copy.left:1' }));
    await refused(start('clickhouse'), CAME_BACK);
    await refused(start('postgres'), /^`tradepost db copy` has not finished bringing order to PostgreSQL/);
    await done(copy('clickhouse', 'postgres'));
    assert.deepEqual(await orders(home), rows);
    await mayStart(home);
    await refused(start('clickhouse'), CAME_BACK);
  });

  test('and so it is on ClickHouse', async () => {
    await killed(copy('postgres', 'clickhouse', { FAILPOINT: 'copy.begun:1' }));
    await refused(start('clickhouse'), CAME_BACK);
    await done(copy('postgres', 'clickhouse'));
    await refused(start('postgres'), WENT);
  });

  test('is left alone by a copy from any other place', async () => {
    await inDatabase(other, (db) => fillOrders(db, ORDERS));
    const third = { DATA_DIR: join(dataDir, 'third') };
    await done(copy('postgres', 'clickhouse', third, other));
    await refused(
      copy('clickhouse', 'postgres', third),
      /is not empty: order has 300 rows of orders: .* Name an empty one/,
    );
  });

  test('may be started on again when somebody says that it is meant', async () => {
    await refused(run(['db', 'release', '--on', 'postgres']), /There is no terminal to ask on: add --yes/);
    await refused(start('postgres'), WENT);
    const said = await done(run(['db', 'release', '--on', 'postgres', '--only', 'order', '--yes']));
    assert.match(
      said,
      /^order: released\. PostgreSQL at .* can be started on again; never start on chDB .* beside it\.$/m,
    );
    await mayStart(home);
    assert.match(await done(run(['db', 'release', '--on', 'postgres', '--yes'])), /nothing to release/);
    await refused(copy('clickhouse', 'postgres'), /is not empty: order has 300 rows/);
  });

  test('is forgotten when its tables were dropped', async () => {
    await done(copy('clickhouse', 'postgres', { DATA_DIR: join(dataDir, 'third') }, other));
    await done(copy('postgres', 'clickhouse', { DATA_DIR: join(dataDir, 'fourth') }, other));
    await assert.rejects(mayStart(other));
    await inDatabase(other, (db) =>
      db.script(`drop schema tradepost_order cascade;
        delete from tradepost_platform.migration where schema = 'tradepost_order'`),
    );
    await mayStart(other);
    await done(copy('clickhouse', 'postgres', {}, other));
    await mayStart(other);
  });
});
