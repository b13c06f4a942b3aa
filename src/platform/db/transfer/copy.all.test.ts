import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { hasChdb } from '../../../testing/clickhouse.ts';
import { type TestDatabase, testDatabase } from '../../../testing/databases.ts';
import { engine } from '../../../testing/engines.ts';
import { lockDirectory } from '../postgres/embedded/lock.ts';
import { openDatabase } from '../postgres/postgres.ts';
import { fillOrders, tradepost } from './copy.fixture.ts';

const ORDERS = 12_000;
const skip = !hasChdb() && !process.env.CI && 'chDB is not installed';

// What the command refuses, and what it says then. Each test leaves the source as it was.
describe('a copy', { skip }, () => {
  const root = mkdtempSync(join(tmpdir(), 'tradepost-copy-'));
  let source: TestDatabase;
  let other: TestDatabase;
  let directory = 0;
  before(async () => {
    source = await testDatabase(engine);
    other = await testDatabase(engine);
    for (const { url } of [source, other]) await script(url, (db) => fillOrders(db, ORDERS));
  });
  after(async () => {
    await source.drop();
    await other.drop();
    rmSync(root, { recursive: true, force: true });
  });

  const script = async (url: string, work: (db: ReturnType<typeof openDatabase>) => Promise<void>) => {
    const db = openDatabase(url, { poolSize: 1 });
    await work(db).finally(() => db.close());
  };
  const run = (text: string) => script(source.url, (db) => db.script(text));
  const newDirectory = (): string => join(root, String(++directory));
  const start = (dataDir: string, more: readonly string[] = [], url = source.url) => {
    const words = ['db', 'copy', '--from', 'postgres', '--to', 'clickhouse', '--only', 'order', ...more];
    return tradepost(words, { DATA_DIR: dataDir, DB_DRIVER: 'postgres', DATABASE_URL: url });
  };
  async function refused(sentence: RegExp, dataDir = newDirectory(), url = source.url): Promise<void> {
    const one = start(dataDir, [], url);
    assert.equal(await one.ended, 1, one.said());
    assert.match(one.said(), sentence);
    assert.equal(one.said().trim().split('\n').length, 1, 'one sentence, and nothing else');
  }

  test('says with --dry-run what it would move, and moves nothing', async () => {
    const dataDir = newDirectory();
    for (let n = 0; n < 2; n++) {
      const one = start(dataDir, ['--dry-run']);
      assert.equal(await one.ended, 0, one.said());
      assert.match(one.said(), /^order\.orders +12 000$/m);
      assert.match(one.said(), /48 001 rows would be copied\. Nothing was written\./);
    }
  });

  test('does not begin while a process of the system is there, on either side', async () => {
    const db = openDatabase(source.url, { poolSize: 1 });
    await db.ping();
    await refused(/is in use: 1 connection\(s\) of Tradepost to it are open, since .*Stop every process/);
    await db.close();
    const dataDir = newDirectory();
    const lock = lockDirectory(dataDir);
    await refused(new RegExp(`is in use by process ${process.pid}; stop it first`), dataDir);
    lock.release();
  });

  test('does not begin while events wait, and says how many', async () => {
    await run(`insert into tradepost_order.outbox (id, type, subject, data, time, trace, correlation)
      select gen_random_uuid(), 'order.created', '1', '{}', now(), '', '' from generate_series(1, 3)`);
    await refused(/Events wait to be published: 3 of order\. Start the system on postgres once more and stop it/);
    await run('delete from tradepost_order.outbox');
  });

  test('does not begin on a schema of another version', async () => {
    const ledger = `tradepost_platform.migration`;
    await run(`insert into ${ledger} (schema, name, checksum) values ('tradepost_order', '9999_later.sql', '')`);
    await refused(/has a schema that a newer version made of order/);
    await run(`delete from ${ledger} where name = '9999_later.sql';
      update ${ledger} set schema = 'away' where schema = 'tradepost_order' and name like '0003%'`);
    await refused(/has an older schema of order\. Run `tradepost migrate` on it first/);
    await run(`update ${ledger} set schema = 'tradepost_order' where schema = 'away'`);
  });

  test('names the first row that is not what it was, and ends with 1', async () => {
    const dataDir = newDirectory();
    const first = start(dataDir);
    while (!first.said().includes('copying order.timelines')) await new Promise((resolve) => setTimeout(resolve, 5));
    first.kill();
    await first.ended;
    await refused(/has the beginning of a copy of order from .*Finish that one, or empty it/, dataDir, other.url);

    await run(`update tradepost_order.orders set username = 'another' where order_id in (77, 4000)`);
    const second = start(dataDir);
    assert.equal(await second.ended, 1, second.said());
    assert.match(second.said(), /^order\.orders +12 000 +\w{24} +NOT the same: order_id 77 differs$/m);
    assert.match(second.said(), /^order\.marks +12 000 +\w{24} +same$/m);
    assert.match(second.said(), /Do not start on it: empty the target, and copy again/);

    await run(
      `update tradepost_order.orders set username = 'buyer ' || order_id % 1000 + 1 where order_id in (77, 4000)`,
    );
    const third = start(dataDir);
    assert.equal(await third.ended, 0, third.said());
    await refused(/is not empty: order has 12000 rows of orders: a copy from .* was finished on/, dataDir);
  });
});
