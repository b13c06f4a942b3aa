import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type TestDatabase, testDatabase } from '../../../testing/databases.ts';
import { engine } from '../../../testing/engines.ts';
import { freePort } from '../../../testing/ports.ts';
import { settle } from '../../../testing/settle.ts';
import { createLog } from '../../observability/log.ts';
import { parseAddress } from './address.ts';
import { faultSentence } from './faults.ts';
import { migrate } from './migrate.ts';
import { type Database, openDatabase } from './postgres.ts';
import { openSession } from './session.ts';

const COMMAND = 'pgbouncer';
const isInstalled = spawnSync(COMMAND, ['--version']).error === undefined;
const missing = 'PgBouncer is not installed (apt-get install pgbouncer)';

describe('PgBouncer before the database', () => {
  if (!isInstalled) {
    test('is tried', { skip: !process.env.CI && missing }, () => assert.fail(missing));
    return;
  }
  const directory = mkdtempSync(join(tmpdir(), 'tradepost-pooler-'));
  const children: ChildProcess[] = [];
  const opened: Database[] = [];
  let database: TestDatabase;
  before(async () => {
    chmodSync(directory, 0o755);
    database = await testDatabase(engine, { empty: true });
  });
  after(async () => {
    await Promise.all(opened.map((db) => db.close()));
    for (const child of children) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    await database.drop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** The address of one that works in this mode. */
  async function pooler(mode: 'session' | 'transaction', more = ''): Promise<string> {
    const { host, port, user, password, database: name } = parseAddress(database.url) ?? assert.fail();
    const own = await freePort();
    const file = join(directory, `${own}.ini`);
    writeFileSync(
      file,
      `[databases]
${name} = host=${host} port=${port} user=${user} password=${password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = any
pool_mode = ${mode}
${more}
`,
    );
    const root = process.geteuid?.() === 0;
    const child = spawn(COMMAND, [...(root ? ['-u', 'nobody'] : []), file], { stdio: 'ignore' });
    children.push(child);
    const url = `postgresql://anybody:x@127.0.0.1:${own}/${name}`;
    const probe = openDatabase(url, { poolSize: 1 });
    await settle(() => probe.ping(), 60_000);
    await probe.close();
    return url;
  }

  const open = (url: string): Database => {
    const db = openDatabase(url, { onError: () => undefined });
    opened.push(db);
    return db;
  };
  const things = { schema: 'things', migrations: [{ name: '0001.sql', text: 'create schema if not exists things' }] };

  for (const more of ['', 'server_round_robin = 1', 'default_pool_size = 2', 'ignore_startup_parameters = options']) {
    test(`in transaction mode is refused with the setting that makes it work (${more || 'defaults'})`, async () => {
      const db = open(await pooler('transaction', more));
      // Sessions that others left are there too.
      await Promise.all(Array.from({ length: 2 }, () => db.ping()));
      const refused = { name: 'UnfitDatabase', message: /connection pooler .* Set pool_mode = session in PgBouncer/ };
      await assert.rejects(migrate(db, [things]), refused);
    });
  }

  test('in session mode works: migrations, settings, locks and notifications', async () => {
    const url = await pooler('session');
    const db = open(url);
    await migrate(db, [things]);
    const [row] = await db.query<{ zone: string }>({
      name: 'zone',
      text: `select current_setting('timezone') as zone`,
    });
    assert.equal(row?.zone, 'UTC');
    const session = openSession(url, createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' }));
    assert.deepEqual([...(await session.claim(['the only one']))], ['the only one']);
    const heard: (string | undefined)[] = [];
    await session.listen('news', (payload) => heard.push(payload));
    await db.query({ name: '', text: `select pg_notify('news', 'one')` });
    await settle(() => assert.deepEqual(heard, ['one']), 60_000);
    await session.close();
  });

  test('that refuses settings of the address says so in the same sentence', async () => {
    const error = await open(`${await pooler('session')}?options=-c%20jit%3Doff`)
      .ping()
      .then(
        () => assert.fail('it did not fail'),
        (thrown: unknown) => thrown,
      );
    assert.match(faultSentence(error) ?? '', /unsupported startup parameter.*set pool_mode = session in PgBouncer/);
  });
});
