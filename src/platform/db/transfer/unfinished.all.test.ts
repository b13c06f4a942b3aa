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
import { refuseUnfinishedInClickHouse } from './clickhouse/unfinished.ts';
import { type CommandProcess, fillOrders, tradepost } from './copy.fixture.ts';
import { refuseUnfinishedInPostgres } from './postgres/unfinished.ts';

const ORDERS = 12_000;
const skip = !hasChdb() && !process.env.CI && 'chDB is not installed';

// A store that a copy has written a part of. The tests go on from each other: there, and back again.
describe('half of a shop', { skip }, () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-half-'));
  let source: TestDatabase;
  let back: TestDatabase;
  before(async () => {
    source = await testDatabase(engine);
    back = await testDatabase(engine);
    await inDatabase(source, (db) => fillOrders(db, ORDERS));
  });
  after(async () => {
    await source.drop();
    await back.drop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const run = (words: readonly string[], database: TestDatabase, DB_DRIVER = 'postgres'): CommandProcess =>
    tradepost(words, { DATA_DIR: dataDir, DB_DRIVER, DATABASE_URL: database.url, PORT: '0', LOG_LEVEL: 'error' });
  const copy = (from: string, to: string, database: TestDatabase): CommandProcess =>
    run(['db', 'copy', '--from', from, '--to', to, '--only', 'order'], database);
  async function killedInTheMiddle(one: CommandProcess): Promise<void> {
    while (!one.said().includes('copying order.timelines')) await delay(5);
    one.kill();
    assert.equal(await one.ended, 'SIGKILL', one.said());
  }
  async function refused(one: CommandProcess, sentence: RegExp): Promise<void> {
    assert.equal(await one.ended, 1, one.said());
    assert.match(one.said(), sentence);
    assert.equal(one.said().trim().split('\n').length, 1, 'one sentence, and nothing else');
  }
  async function inDatabase<T>(
    { url }: TestDatabase,
    work: (db: ReturnType<typeof openDatabase>) => Promise<T>,
  ): Promise<T> {
    const db = openDatabase(url, { poolSize: 1 });
    return work(db).finally(() => db.close());
  }

  /** What a start asks of ClickHouse. */
  async function askClickHouse(services: readonly string[], more: string[] = []): Promise<void> {
    const { openChdb } = await import('../clickhouse/chdb.ts');
    const chdb = await openChdb({ dataDir, prefix: 'tradepost' });
    try {
      for (const text of more) await chdb.command(text);
      await refuseUnfinishedInClickHouse(services, chdb, true);
    } finally {
      await chdb.close();
    }
  }
  const askPostgres = (database: TestDatabase): Promise<void> =>
    inDatabase(database, (db) => refuseUnfinishedInPostgres(['user', 'order'], { database: () => db }, true));

  test('is not started on ClickHouse, nor copied from there', async () => {
    await killedInTheMiddle(copy('postgres', 'clickhouse', source));
    const start = run(['start'], source, 'clickhouse');
    await refused(start, /^`tradepost db copy` has not finished bringing order to chDB in .*: run it again, or empty/);
    await refused(copy('clickhouse', 'postgres', back), /has only the beginning of a copy of order\. Finish that one/);
    await askClickHouse(['user', 'product']);
  });

  test('is started when the copy has come to its end', async () => {
    const whole = copy('postgres', 'clickhouse', source);
    assert.equal(await whole.ended, 0, whole.said());
    await askClickHouse(['user', 'order']);
  });

  test('is not started on PostgreSQL either', async () => {
    await askPostgres(back);
    await killedInTheMiddle(copy('clickhouse', 'postgres', back));
    await refused(
      run(['start'], back),
      /^`tradepost db copy` has not finished bringing order to PostgreSQL: run it again, or empty/,
    );
  });

  test('is nothing that keeps anybody out when its tables were dropped', async () => {
    const progress = 'select count(*) as n from tradepost_platform.copy';
    const left = () => inDatabase(back, (db) => db.query({ name: '', text: progress }));
    await assert.rejects(askPostgres(back));
    assert.notDeepEqual(await left(), [{ n: 0 }]);
    await inDatabase(back, (db) =>
      db.script(`drop schema tradepost_order cascade;
        delete from tradepost_platform.migration where schema = 'tradepost_order'`),
    );
    await askPostgres(back);
    assert.deepEqual(await left(), [{ n: 0 }], 'the next start knows nothing of it');
    const again = copy('clickhouse', 'postgres', back);
    assert.equal(await again.ended, 0, again.said());
    await askPostgres(back);
  });

  test('and so it is on ClickHouse', async () => {
    const progress = 'tradepost_platform.copy';
    const reopened = `insert into ${progress} select * replace (null as finished_at, number + 1000 as number)
      from ${progress} where name = 'orders' order by number desc limit 1`;
    await assert.rejects(askClickHouse(['order'], [reopened]), /order went from chDB .* to PostgreSQL/);
    const back = ['truncate table tradepost_platform.moved'];
    await assert.rejects(askClickHouse(['order'], back), /has not finished bringing order to chDB/);
    await askClickHouse(
      ['order'],
      ['drop database tradepost_order', `delete from tradepost_platform.migration where schema = 'tradepost_order'`],
    );
    await askClickHouse(
      ['order'],
      [
        `insert into tradepost_platform.migration (schema, name, checksum) values ('tradepost_order', '0001_orders.sql', '')`,
      ],
    );
  });
});
