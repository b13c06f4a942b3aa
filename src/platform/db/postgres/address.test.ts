import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { engine } from '../../../testing/engines.ts';
import { ConfigError, readConfig, shownSettings } from '../../config/config.ts';
import { createLog } from '../../observability/log.ts';
import { databaseLocation, databaseUrlOf, parseAddress } from './address.ts';
import { type Database, openDatabase } from './postgres.ts';
import { openSession } from './session.ts';

const odd = `ä ü%41%2f:/?#[]@!$&'()*+,;="\\^\`{|}~`;
const read = (env: Record<string, string>): string =>
  readConfig({ DB_DRIVER: 'postgres', ...env }, [{ name: 'order' }]).databaseUrl ?? assert.fail('no address');

test('the parts of an address come back whatever characters they have', () => {
  for (const host of ['db.example', '127.0.0.1', '::1', 'fe80::1', '/var/run/postgresql', '/tmp/a b, c']) {
    const address = { host, port: 6000, user: odd, password: odd, database: odd, words: { options: odd } };
    assert.deepEqual(parseAddress(databaseUrlOf(address)), address, host);
  }
});

test('a URL is read as libpq has them, and a password that nobody encoded too', () => {
  const parts = (url: string) => {
    const { host, port, user, password, database } = parseAddress(url) ?? assert.fail(url);
    return [host, port, user, password, database];
  };
  assert.deepEqual(parts('postgres://me@db'), ['db', 5432, 'me', undefined, undefined]);
  assert.deepEqual(parts('postgresql:///shop'), ['localhost', 5432, undefined, undefined, 'shop']);
  assert.deepEqual(parts('postgresql://me:a%40b%@[::1]:1/a%2Fb'), ['::1', 1, 'me', 'a@b%', 'a/b']);
  const socket = ['/var/run/postgresql', 5433, 'me', 'p', 'shop'];
  assert.deepEqual(parts('postgresql://me:p@%2Fvar%2Frun%2Fpostgresql:5433/shop'), socket);
  assert.deepEqual(parts('postgresql://me:p@/shop?host=/var/run/postgresql&port=5433'), socket);
  for (const password of ['p@ss', '1/2', 'a#b', 'a?b', '100%', 'p:q']) {
    assert.deepEqual(parts(`postgresql://me:${password}@db:5433/shop`), ['db', 5433, 'me', password, 'shop']);
  }
  for (const none of [
    'mysql://db',
    'db',
    'postgresql://a,b/shop',
    'postgresql://db:x/shop',
    'postgresql://db:70000/',
  ]) {
    assert.equal(parseAddress(none), undefined, none);
  }
});

test('a host is a name, an address or the directory of a socket', () => {
  const host = (POSTGRES_HOST: string) => parseAddress(read({ POSTGRES_HOST }))?.host;
  for (const one of ['db', '10.0.0.1', '::1', '/var/run/postgresql']) assert.equal(host(one), one);
  assert.equal(host('[::1]'), '::1');
  for (const none of ['my host', 'db:5432', 'a@b', 'postgresql://db', '[db]']) {
    assert.throws(() => read({ POSTGRES_HOST: none }), ConfigError, none);
  }
});

test('who looks at an address or at the settings sees no password of a database or a broker', () => {
  const secret = 'swordfish/@?#';
  const url = read({ POSTGRES_HOST: 'db', POSTGRES_PASSWORD: secret, POSTGRES_DB: 'shop' });
  assert.deepEqual(
    [databaseLocation(url), databaseLocation(databaseUrlOf({ host: '::1', port: 1, words: {} }))],
    ['db:5432/shop', '[::1]:1'],
  );
  const settings = {
    DATABASE_URL: `postgres://me:${secret}@db/shop`,
    REDIS_URL: 'rediss://:swordfish@redis:6379',
    RABBITMQ_URL: 'amqp://me:swordfish@rabbit?password=swordfish',
  };
  const shown = new Map(shownSettings(readConfig(settings, [{ name: 'order' }])));
  assert.doesNotMatch(JSON.stringify([...shown]), /swordfish/);
  assert.equal(shown.get('REDIS_URL'), 'rediss://(hidden)@redis:6379');
  for (const [name, value] of [
    ['REDIS_URL', 'http://:swordfish@redis'],
    ['RABBITMQ_URL', 'swordfish'],
    ['KAFKA_BROKERS', 'me:swordfish@kafka'],
    ['ORDER_URL', 'ftp://me:swordfish@order'],
    ['DATABASE_URL', 'postgresql://me:swordfish@a,b/shop'],
  ] as const) {
    assert.throws(
      () => readConfig({ [name]: value }, [{ name: 'order' }]),
      ({ message }: Error) => message.startsWith(name) && !message.includes('swordfish'),
      name,
    );
  }
});

let admin: Database;
const role = `r_${randomBytes(4).toString('hex')} ü@"/`;
const name = `d_${randomBytes(4).toString('hex')} ü/?#%41@"`;
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
before(async () => {
  admin = openDatabase(engine.url, { poolSize: 1 });
  await admin.script(`create role ${quoted(role)} login password '${odd.replaceAll("'", "''")}'`);
  await admin.script(`create database ${quoted(name)} template template0 owner ${quoted(role)}`);
});
after(async () => {
  await admin.script(`drop database ${quoted(name)} with (force)`);
  await admin.script(`drop role ${quoted(role)}`);
  await admin.close();
});

test('a user, a password and a database of any characters are let in, also for the session of locks', async () => {
  const { hostname, port } = new URL(engine.url);
  const env = { POSTGRES_HOST: hostname, POSTGRES_PORT: port, POSTGRES_USER: role };
  const url = read({ ...env, POSTGRES_PASSWORD: odd, POSTGRES_DB: name });
  const db = openDatabase(url, { poolSize: 1 });
  const text = 'select current_user::text as me, current_database()::text as here';
  assert.deepEqual(await db.query({ name: '', text }), [{ me: role, here: name }]);
  await db.close();
  const session = openSession(url, createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' }));
  assert.deepEqual([...(await session.claim(['one']))], ['one']);
  await session.close();
});
