import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { container } from '../../container.ts';
import { knownServices } from '../../platform/app/app.ts';
import { readConfig, unknownSettings } from '../../platform/config/config.ts';
import { newerIn } from '../../platform/db/migrations.ts';
import { openDatabase } from '../../platform/db/postgres/postgres.ts';
import { freePort } from '../../testing/ports.ts';
import { WORLD_SETTINGS, type World, world } from '../../testing/world.ts';
import { bufferedStreams } from '../commands.fixture.ts';
import { createOutput } from '../output/output.ts';
import { doctorCommand, type Finding } from './doctor.actions.ts';
import { redisFacts } from './gather/broker.ts';
import { directoryFacts } from './gather/directory.ts';
import { portState } from './gather/ports.ts';
import { brokenLinksIn, versionDifferences } from './gather/program.ts';
import { failureReason } from './gather/servers.ts';
import { secretFacts } from './gather/settings.ts';

const folder = mkdtempSync(join(tmpdir(), 'tradepost-doctor-'));
const known = knownServices(container);

let shop: World;

before(async () => {
  shop = await world();
});
after(async () => {
  await shop.close();
  rmSync(folder, { recursive: true });
});

/** What the doctor says with these settings. */
async function examined(env: Record<string, string>) {
  const { streams, out, err } = bufferedStreams();
  await doctorCommand(() => readConfig({ DATA_DIR: folder, ...env }, known), createOutput(['--json'], streams));
  const code = Number(process.exitCode ?? 0);
  process.exitCode = undefined;
  const { well, checks } = JSON.parse(out()) as { well: boolean; checks: Finding[] };
  const of = (name: string): Finding => checks.find((one) => one.name === name) ?? assert.fail(name);
  return { code, err: err(), well, of };
}

const shopSettings = () => ({ ...WORLD_SETTINGS, PORT: new URL(shop.url).port, DATABASE_URL: shop.databaseUrl });

test('a shop that runs is looked at while it runs: its database, its port, its secret', async () => {
  const { of, err } = await examined(shopSettings());
  assert.equal(err, '');
  assert.match(of('database').found, /^PostgreSQL \d+\.\d+, UTF8$/);
  for (const name of ['database', 'migrations', 'connections', 'dead letters', 'outbox', 'clock', 'health', 'ports']) {
    assert.deepEqual([name, of(name).verdict], [name, 'ok'], of(name).found);
  }
  assert.match(of('ports').found, /ours$/);
  assert.doesNotMatch(of('secrets').found, /another JWT_SECRET/);
});

test('what is wrong with its database is found, and nothing is changed', async () => {
  const db = openDatabase(shop.databaseUrl, { poolSize: 1 });
  try {
    await db.script(`delete from tradepost_platform.migration where name = '0000_platform.sql' and schema = 'tradepost_order';
      insert into tradepost_platform.migration (schema, name, checksum) values ('tradepost_order', '9999_later.sql', 'x')`);
    const { of, code } = await examined(shopSettings());
    assert.equal(code, 1);
    assert.deepEqual([of('migrations').verdict, of('migrations').found], ['fail', '1 of a newer version have run']);
    const rows = await db.query<{ n: number }>({
      name: '',
      text: "select count(*) as n from tradepost_platform.migration where schema = 'tradepost_order' and name = '0000_platform.sql'",
    });
    assert.equal(rows[0]?.n, 0, 'what has not run was not run by a look');
  } finally {
    await db.close();
  }
});

test('a process with another secret is found', async () => {
  const settings = { ...shopSettings(), JWT_SECRET: 'another secret than that of the shop' };
  const { mismatched } = await secretFacts(readConfig(settings, known));
  assert.deepEqual(mismatched, [`http://localhost:${settings.PORT}`]);
});

test('a server that does not answer, and settings that are not valid, end with 1', async () => {
  const away = `postgresql://anna:hidden@127.0.0.1:${await freePort()}/shop`;
  const port = String(await freePort());
  const database = await examined({ ...WORLD_SETTINGS, PORT: port, DATABASE_URL: away });
  assert.deepEqual([database.code, database.well, database.of('database').verdict], [1, false, 'fail']);
  assert.match(database.of('database').found, /^127\.0\.0\.1:\d+\/shop: .*ECONNREFUSED/);
  assert.doesNotMatch(JSON.stringify(database.of('database')), /hidden/);
  assert.match(database.of('ports').found, /free$/);
  const redis = await examined({ ...shopSettings(), EVENT_BUS: 'redis', REDIS_URL: `redis://127.0.0.1:${port}` });
  assert.match(redis.of('broker').found, /^redis: .*ECONNREFUSED/);
  const invalid = await examined({ PORT: 'ninety' });
  assert.deepEqual([invalid.code, invalid.of('settings').verdict], [1, 'fail']);
  assert.match(invalid.of('settings').found, /PORT is 'ninety'/);
});

test('looking makes nothing: no folder, no link, no lock', async () => {
  const dataDir = join(folder, 'none', 'data');
  await examined({ DATA_DIR: dataDir, PORT: String(await freePort()) });
  assert.deepEqual(readdirSync(folder), []);
});

test('a port is free, ours, or taken by somebody who is named', async () => {
  const services = ['gateway'];
  assert.equal((await portState({ port: await freePort(), services }, '127.0.0.1')).state, 'free');
  const other = createServer((_request, response) => response.end('hello'));
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const taken = await portState({ port, services }, '127.0.0.1');
  assert.equal(taken.state, 'taken');
  if (process.platform === 'linux') assert.match(taken.holder ?? '', new RegExp(`^process ${process.pid} \\(`));
  other.close();
  assert.equal((await portState({ port: 8080, services }, '203.0.113.7')).state, 'no address');
});

test('a data directory is looked at, and the one that it would be made in', () => {
  const missing = directoryFacts(join(folder, 'a', 'b'));
  assert.deepEqual([missing.kind, missing.writable, missing.holder], ['missing', true, undefined]);
  const file = join(folder, 'file');
  writeFileSync(file, '');
  assert.equal(directoryFacts(file).kind, 'other');
  rmSync(file);
  writeFileSync(join(folder, 'lock.pid'), `${process.pid}\n`);
  assert.deepEqual([directoryFacts(folder).holder, directoryFacts(folder).holderLives], [process.pid, true]);
  writeFileSync(join(folder, 'lock.pid'), '4194303\n');
  assert.deepEqual([directoryFacts(folder).holder, directoryFacts(folder).holderLives], [4_194_303, false]);
  rmSync(join(folder, 'lock.pid'));
});

test('packages that are missing or of another version are found, those for builders and other platforms are not missed', () => {
  const wanted = {
    packages: {
      '': {},
      'node_modules/pg': { version: '8.0.0' },
      'node_modules/undici': { version: '8.0.0' },
      'node_modules/other-platform': { version: '1.0.0', optional: true },
      'node_modules/typescript': { version: '7.0.2', dev: true },
    },
  };
  const there = { packages: { 'node_modules/pg': { version: '7.0.0' } } };
  assert.deepEqual(versionDifferences(wanted, there), { missing: ['undici'], other: ['pg'] });
});

test('links of the embedded server are missed only where the start may not make them', () => {
  const root = join(folder, 'package');
  mkdirSync(join(root, 'native/lib'), { recursive: true });
  writeFileSync(join(root, 'native/lib/libpq.so.5.18'), '');
  symlinkSync('libpq.so.5.18', join(root, 'native/lib/libpq.so.5'));
  const links = [
    { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so.5' },
    { source: 'native/lib/libpq.so.5.18', target: 'native/lib/libpq.so' },
    { source: 'native/lib/libz.so.1', target: 'native/nowhere/libz.so' },
  ];
  writeFileSync(join(root, 'native/pg-symlinks.json'), JSON.stringify(links));
  assert.equal(brokenLinksIn(root), 1);
  rmSync(root, { recursive: true });
});

test('what Redis says of itself is understood', () => {
  const info = 'redis_version:7.2.4\r\nloading:0\r\nrole:master\r\nused_memory:10\r\nmaxmemory:0\r\n';
  const good = { appendonly: 'yes', 'maxmemory-policy': 'noeviction' };
  assert.deepEqual(redisFacts(info, good), { what: 'Redis 7.2.4', refuses: undefined, losses: [] });
  assert.match(redisFacts(info.replace('master', 'slave'), good).refuses ?? '', /replica/);
  assert.match(redisFacts(info.replace('maxmemory:0', 'maxmemory:9'), good).refuses ?? '', /memory is full/);
  const stopped = { ...good, 'stop-writes-on-bgsave-error': 'yes' };
  assert.match(redisFacts(`${info}rdb_last_bgsave_status:err\r\n`, stopped).refuses ?? '', /snapshot failed/);
  const losses = redisFacts(info, { appendonly: 'no', 'maxmemory-policy': 'allkeys-lru' }).losses ?? [];
  assert.deepEqual(losses.length, 2);
});

test('settings that look like ours and are none are found, with the one that was meant', () => {
  const env = {
    DATABSE_URL: 'x',
    POTR: '1',
    ORDER_URI: 'x',
    KAFKA_BROKER: 'x',
    PATH: 'x',
    HOME: 'x',
    DATABASE_URL: 'x',
  };
  assert.deepEqual(unknownSettings([{ name: 'order' }], env), [
    { name: 'DATABSE_URL', suggestion: 'DATABASE_URL' },
    { name: 'POTR', suggestion: 'PORT' },
    { name: 'ORDER_URI', suggestion: 'ORDER_URL' },
    { name: 'KAFKA_BROKER', suggestion: 'KAFKA_BROKERS' },
  ]);
});

test('migrations of a newer version are those of our schemas that we do not have', () => {
  const sets = [{ schema: 'tradepost_order', migrations: [{ name: '0001.sql', text: '' }] }];
  const applied = ['tradepost_order/0001.sql', 'tradepost_order/0002.sql', 'strangers/0003.sql'];
  assert.deepEqual(newerIn(applied, sets), ['tradepost_order/0002.sql']);
  assert.equal(failureReason(Object.assign(new Error('away'), { cause: new Error('ECONNREFUSED') })), 'ECONNREFUSED');
});
