import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { type TestDatabase, testDatabase } from '../../../testing/databases.ts';
import { eachEngine } from '../../../testing/engines.ts';
import { freePort } from '../../../testing/ports.ts';
import { AppError, common } from '../../contract/errors.ts';
import { Down } from '../../observability/health.ts';
import { registry } from '../../observability/metrics.ts';
import { databaseFaultOf, faultSentence, rowFaultInPostgres, translate } from './faults.ts';
import { type Database, type DatabaseOptions, openDatabase } from './postgres.ts';

const statement = (text: string) => ({ name: '', text });
const coded = (code: string, message = 'said by the server', severity = 'ERROR') =>
  Object.assign(new Error(message), { code, severity });

test('a fault of the server or of the way to it is unavailable, asks for patience and has a sentence', () => {
  const codes = [
    ...['ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'ECONNREFUSED', 'ENOENT', 'EACCES'],
    ...['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EMFILE', 'EPROTO', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    ...[
      'ERR_TLS_CERT_ALTNAME_INVALID',
      '08006',
      '08P01',
      '25006',
      '25P03',
      '28000',
      '28P01',
      '3D000',
      '42501',
      '53100',
    ],
    ...['53200', '53300', '55P03', '57014', '57P01', '57P02', '57P03', '57P04', '57P05', '58030', 'XX001', '26000'],
  ];
  const errors = [
    ...codes.map((code) => coded(code)),
    coded('42P01', 'relation "tradepost_order.orders" does not exist'),
    coded('XX000', 'Tenant or user not found', 'FATAL'),
    new Error('Connection terminated unexpectedly'),
    new Error('Connection terminated due to connection timeout'),
    new Error('timeout exceeded when trying to connect'),
    new Error('Query read timeout'),
    new Error('The server does not support SSL connections'),
    new Error('SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a non-empty string'),
    new Error('Client has encountered a connection error and is not queryable'),
  ];
  for (const error of errors) {
    const name = (error as { code?: string }).code ?? error.message;
    const thrown = translate(error);
    assert.ok(thrown instanceof AppError, name);
    assert.deepEqual([thrown.kind, thrown.status, thrown.retryAfterSeconds], ['unavailable', 503, 1], name);
    assert.equal(rowFaultInPostgres(error) || rowFaultInPostgres(thrown), false, name);
    assert.match(faultSentence(thrown) ?? '', /^[A-Z][^\n]+ \(.+\); [^\n]+\.$/, name);
  }
});

test('a statement that the server gave up is told apart from a server that is silent', () => {
  const codeOf = (error: Error) => (translate(error) as AppError).code;
  for (const code of ['57014', '55P03', '25P03', '25P04']) {
    assert.equal(codeOf(coded(code)), common.TOO_SLOW.code, code);
  }
  for (const error of [new Error('Query read timeout'), coded('ETIMEDOUT'), coded('57P01')]) {
    assert.equal(codeOf(error), common.UNAVAILABLE.code, error.message);
  }
});

test('a fault of ours stays what it is', () => {
  const ours = [
    coded('42601'),
    coded('42P01', 'relation "nowhere" does not exist'),
    coded('42703'),
    coded('0A000', 'cannot do that'),
    coded('XX000'),
    new TypeError('x is undefined'),
  ];
  for (const error of ours)
    assert.deepEqual([databaseFaultOf(error), translate(error)], [undefined, error], error.message);
  assert.equal(faultSentence(common.STALE()), undefined);
});

eachEngine('a database that cannot be used as it is', (engine) => {
  let database: TestDatabase;
  let admin: Database;
  const role = `r_${randomBytes(4).toString('hex')}`;
  const opened: Database[] = [];
  const open = (url: string, options?: DatabaseOptions): Database => {
    const db = openDatabase(url, options);
    opened.push(db);
    return db;
  };
  const as = (changes: Partial<Pick<URL, 'username' | 'password' | 'hostname' | 'port' | 'pathname'>>): string =>
    Object.assign(new URL(database.url), changes).href;

  before(async () => {
    database = await testDatabase(engine, { empty: true });
    admin = openDatabase(database.url);
    await admin.script(`create table kept (id int); create role ${role} login password 'right'`);
  });
  after(async () => {
    await Promise.all(opened.map((db) => db.close()));
    await admin.script(`drop owned by ${role}; drop role ${role}`);
    await admin.close();
    await database.drop();
  });

  async function shown(place: string): Promise<Record<string, number>> {
    const lines = (await registry.metrics()).split('\n').filter((line) => line.includes(`{database="${place}"}`));
    return Object.fromEntries(lines.map((line) => [line.split('{')[0], Number(line.split(' ').at(-1))]));
  }

  async function refusal(work: Promise<unknown>): Promise<string> {
    const error = await work.then(
      () => assert.fail('it did not fail'),
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof AppError && error.status === 503, String(error));
    return faultSentence(error) ?? '';
  }

  test('each says why: no such name, nobody there, not our password, no such database, no right', async () => {
    const ping = (url: string) => refusal(open(url).ping());
    assert.match(
      await ping(as({ hostname: 'nowhere.invalid' })),
      /^The name of the database server cannot be resolved/,
    );
    assert.match(await ping(as({ port: String(await freePort()) })), /^The database does not answer \(.*ECONNREFUSED/);
    const wrong = as({ username: role, password: 'not-the-right-one' });
    assert.match(await ping(wrong), /^The database refuses us \(password authentication failed/);
    assert.doesNotMatch(await ping(wrong), /not-the-right-one/);
    assert.match(await ping(as({ pathname: '/nowhere' })), /^The database does not exist/);
    const stranger = open(as({ username: role, password: 'right' }));
    assert.match(await refusal(stranger.query(statement('select * from kept'))), /^The database user lacks a right/);
  });

  test('a role that has all its connections is full', async () => {
    await admin.script(`alter role ${role} connection limit 0`);
    assert.match(await refusal(open(as({ username: role, password: 'right' })).ping()), /no connection left for us/);
    await admin.script(`alter role ${role} connection limit -1`);
  });

  test('a read-only database is unavailable for who writes, answers who reads, and is down', async () => {
    const db = open(database.url);
    await db.writable();
    const name = new URL(database.url).pathname.slice(1);
    await admin.script(`alter database ${name} set default_transaction_read_only = on`);
    const other = open(database.url);
    assert.match(await refusal(other.query(statement('insert into kept values (1)'))), /^The database is read-only/);
    assert.deepEqual(await other.query(statement('select * from kept')), []);
    await assert.rejects(other.writable(), new Down('the database is read-only'));
    const third = open(database.url);
    await assert.rejects(third.writable(), new Down('the database is read-only'));
    const client = new pg.Client(database.url);
    client.on('error', () => undefined);
    await client.connect();
    await client.query('set default_transaction_read_only = off');
    await client.query(`alter database ${name} reset all`);
    await client.end();
    await open(database.url).writable();
  });

  test('the metrics say whether it can be written to, and how the pool is used, until it is closed', async () => {
    const db = openDatabase(database.url, { poolSize: 1 });
    const gate = Promise.withResolvers<void>();
    const held = db.transaction(() => gate.promise);
    const queued = db.ping();
    assert.ok(((await shown(db.place)).tradepost_database_waiting ?? 0) >= 1);
    gate.resolve();
    await Promise.all([held, queued]);
    assert.equal((await shown(db.place)).tradepost_database_up, 1);
    await db.close();
    assert.doesNotMatch(await registry.metrics(), /only-for-tests|postgres:/);
  });

  test('settings of the role do not change what a session does', async () => {
    const strange = {
      default_transaction_isolation: 'serializable',
      datestyle: 'SQL, DMY',
      timezone: 'Asia/Kathmandu',
      statement_timeout: '200ms',
      lock_timeout: '200ms',
      bytea_output: 'escape',
    };
    const words = Object.entries(strange).map(([name, value]) => `alter role ${role} set ${name} = '${value}'`);
    await admin.script(words.join(';'));
    const db = open(as({ username: role, password: 'right' }));
    const asked = `select current_setting('transaction_isolation') as isolation, current_setting('statement_timeout') as
      longest, '2026-02-01 12:00:00+02'::timestamptz as at from pg_sleep(0.4)`;
    assert.deepEqual(await db.query(statement(asked)), [
      { isolation: 'read committed', longest: '10s', at: '2026-02-01T10:00:00.000Z' },
    ]);
  });

  test('a plan that somebody changed the table of is made again', async () => {
    const db = open(database.url, { poolSize: 1 });
    const read = { name: 'all kept', text: 'select * from kept' };
    await db.query(read);
    await admin.script('alter table kept add column more int');
    assert.deepEqual(await db.query(read), []);
  });

  test('a statement of a patient pool has no limit of time', async () => {
    const [row] = await open(database.url, { patient: true }).query<{ longest: string }>(
      statement(`select current_setting('statement_timeout') as longest`),
    );
    assert.equal(row?.longest, '0');
  });
});
