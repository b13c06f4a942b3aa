import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, afterEach, beforeEach, test } from 'node:test';
import { type TestDatabase, testDatabase } from '../../../testing/databases.ts';
import { eachEngine } from '../../../testing/engines.ts';
import { type MigrationSet, readMigrations } from '../migrations.ts';
import { migrate, pendingMigrations } from './migrate.ts';
import { type Database, openDatabase } from './postgres.ts';

const first = { name: '0001_shop.sql', text: 'create schema shop; create table shop.things (id bigint primary key);' };
const second = { name: '0002_price.sql', text: 'alter table shop.things add price bigint not null default 0;' };
const third = { name: '0003_count.sql', text: 'insert into shop.things (id) select count(*) + 1 from shop.things;' };
const shop = (...migrations: MigrationSet['migrations']): MigrationSet => ({ schema: 'shop', migrations });

eachEngine('migrations', (engine) => {
  let database: TestDatabase;
  let processes: Database[];
  const databases: TestDatabase[] = [];
  beforeEach(async () => {
    database = await testDatabase(engine, { empty: true });
    databases.push(database);
    processes = Array.from({ length: 5 }, () => openDatabase(database.url, { poolSize: 2 }));
  });
  afterEach(() => Promise.all(processes.map((db) => db.close())));
  after(() => Promise.all(databases.map((one) => one.drop())));

  const on = (): Database => processes[0] as Database;
  const rows = async (text: string) => on().query<Record<string, unknown>>({ name: '', text });

  test('files run in order, each once', async () => {
    assert.deepEqual(await pendingMigrations(on(), [shop(first, second)]), [
      'shop/0001_shop.sql',
      'shop/0002_price.sql',
    ]);
    assert.deepEqual(await migrate(on(), [shop(first, second)]), ['shop/0001_shop.sql', 'shop/0002_price.sql']);
    assert.deepEqual(await migrate(on(), [shop(first, second)]), []);
    assert.deepEqual(await pendingMigrations(on(), [shop(first, second, third)]), ['shop/0003_count.sql']);
    assert.deepEqual(await migrate(on(), [shop(first, second, third)]), ['shop/0003_count.sql']);
    assert.deepEqual(await rows('select * from shop.things'), [{ id: 1, price: 0 }]);
  });

  test('processes that start at once run each file once between them', async () => {
    const ran = await Promise.all(processes.map((db) => migrate(db, [shop(first, second, third)])));
    assert.deepEqual(ran.flat().sort(), ['shop/0001_shop.sql', 'shop/0002_price.sql', 'shop/0003_count.sql']);
    assert.deepEqual(await rows('select id from shop.things'), [{ id: 1 }]);
  });

  test('services that share a database do not know each other’s files', async () => {
    const stock = { name: '0001_shop.sql', text: 'create schema stock' };
    await migrate(on(), [shop(first)]);
    const ran = await migrate(on(), [shop(first), { schema: 'stock', migrations: [stock] }]);
    assert.deepEqual(ran, ['stock/0001_shop.sql']);
  });

  test('a file that was changed after it ran stops everything, with its name', async () => {
    await migrate(on(), [shop(first)]);
    const changed = { ...first, text: `${first.text} -- better` };
    await assert.rejects(migrate(on(), [shop(changed, second)]), /shop\/0001_shop\.sql was changed after it ran/);
    await assert.rejects(pendingMigrations(on(), [shop(changed)]), /was changed after it ran/);
    assert.deepEqual(await migrate(on(), [shop(first, second)]), ['shop/0002_price.sql']);
  });

  test('a checkout that ends its lines otherwise has the same files, whichever version wrote down what ran', async () => {
    const lines = { ...first, text: first.text.replace('; ', ';\n') };
    const windows = { ...first, text: first.text.replace('; ', ';\r\n') };
    await migrate(on(), [shop(lines)]);
    assert.deepEqual(await migrate(on(), [shop(windows)]), []);
    for (const { text } of [windows, lines]) {
      const checksum = createHash('sha256').update(text).digest('hex').slice(0, 16);
      await on().script(`update tradepost_platform.migration set checksum = '${checksum}'`);
      for (const file of [lines, windows]) assert.deepEqual(await migrate(on(), [shop(file)]), []);
    }
  });

  test('a database that a newer version migrated is refused with the name of what ran', async () => {
    await migrate(on(), [shop(first, second)]);
    for (const older of [migrate, pendingMigrations]) {
      const refused = { name: 'UnfitDatabase', message: /newer version .*shop\/0002_price\.sql/ };
      await assert.rejects(older(on(), [shop(first)]), refused);
    }
  });

  test('a database of another encoding is refused with a sentence', async () => {
    const name = `latin_${randomBytes(4).toString('hex')}`;
    await on().script(`create database ${name} template template0 encoding 'LATIN1' locale 'C'`);
    const latin = openDatabase(Object.assign(new URL(database.url), { pathname: `/${name}` }).href, { poolSize: 1 });
    const refused = { name: 'UnfitDatabase', message: /is encoded in LATIN1, and Tradepost needs UTF8/ };
    await assert.rejects(migrate(latin, [shop(first)]), refused);
    await latin.close();
    await on().script(`drop database ${name}`);
  });

  test('a user who may not make schemas is told what to grant', async () => {
    const role = `r_${randomBytes(4).toString('hex')}`;
    await on().script(`create role ${role} login password 'p'`);
    const address = Object.assign(new URL(database.url), { username: role, password: 'p' }).href;
    const db = openDatabase(address, { poolSize: 1 });
    const here = new URL(database.url).pathname.slice(1);
    const grant = new RegExp(`lacks a right .* GRANT CREATE ON DATABASE ${here} TO ${role};`);
    await assert.rejects(migrate(db, [shop(first)]), { name: 'UnfitDatabase', message: grant });
    await db.close();
    await on().script(`drop role ${role}`);
  });

  test('a file that fails leaves nothing of itself, and those before it stay', async () => {
    const failing = { name: '0002_bad.sql', text: `${second.text} insert into shop.things (id) values (1), (1);` };
    await assert.rejects(migrate(on(), [shop(first, failing, third)]), /duplicate key/);
    assert.deepEqual(await rows('select * from shop.things'), []);
    assert.deepEqual(await pendingMigrations(on(), [shop(first, second)]), ['shop/0002_price.sql']);
    await migrate(on(), [shop(first, second)]);
    assert.deepEqual(await rows('select price from shop.things'), []);
  });

  test('a file may ask for a setting of this start, which no other file and no later statement sees', async () => {
    const asking = {
      name: '0002_ask.sql',
      text: `create table shop.told as select current_setting('tradepost.currency') as c`,
    };
    await migrate(on(), [shop(first, asking)], { currency: `EUR'; drop schema shop; --` });
    assert.deepEqual(await rows('select c from shop.told'), [{ c: `EUR'; drop schema shop; --` }]);
    const [after] = await rows(`select coalesce(current_setting('tradepost.currency', true), '') as c`);
    assert.deepEqual(after, { c: '' });
  });

  test('what a file includes is read into it, and the name of the schema filled in everywhere', () => {
    const files: Record<string, string> = {
      'things/0001_a.sql': 'create schema {{schema}};\n{{include common.sql}}',
      'things/0002_b.sql': 'select 1 from {{schema}}.a join {{schema}}.b',
      'common.sql': 'create table {{schema}}.common ();',
    };
    const assets = {
      list: () => ['0001_a.sql', '0002_b.sql'],
      read: (path: string) => files[path] ?? assert.fail(path),
    };
    assert.deepEqual(readMigrations(assets, 'things', 'shop'), [
      { name: '0001_a.sql', text: 'create schema shop;\ncreate table shop.common ();' },
      { name: '0002_b.sql', text: 'select 1 from shop.a join shop.b' },
    ]);
  });
});
