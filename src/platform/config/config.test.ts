import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { accountSettings, saleSettings } from './config.fixture.ts';
import { ConfigError, readConfig, shownSettings, unknownSettings } from './config.ts';
import { environmentExample, type KnownService, settingsOf } from './settings.ts';

const known: KnownService[] = [
  { name: 'user', settings: accountSettings },
  { name: 'order', settings: saleSettings },
  { name: 'gateway' },
];
const names = known.map(({ name }) => name);

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    readConfig(env, known);
  } catch (error) {
    assert.ok(error instanceof ConfigError, `${error} is no ConfigError`);
    assert.equal(error.message, error.faults.join('\n'));
    return error.faults;
  }
  return assert.fail('the configuration was accepted');
}

test('without any setting the defaults hold', () => {
  const config = readConfig({}, known);
  const { PORT, HOST, DB_DRIVER, CURRENCY, JWT_SECRET, databaseUrl } = config;
  assert.deepEqual([PORT, HOST, DB_DRIVER, CURRENCY], [8080, '127.0.0.1', 'embedded', 'USD']);
  assert.deepEqual([JWT_SECRET, databaseUrl], [undefined, undefined]);
  assert.deepEqual(config.valuesOf(saleSettings).TAX_RATE, { text: '0.1', parts: 1_000_000n });
  assert.equal(config.valuesOf(accountSettings).BCRYPT_COST, 12);
  assert.deepEqual([...config.services], names);
  assert.match(config.dataDir, /^\/.*\/data$/);
});

test('a variable that is set to nothing is not set', () => {
  const empty = Object.fromEntries(Object.keys(settingsOf(known)).map((name) => [name, '']));
  const read = (env: Record<string, string>) => shownSettings(readConfig(env, known));
  assert.deepEqual(read({ ...empty, ORDER_URL: '', ORDER_PORT: '' }), read({}));
});

test('all faults are reported at once, each with the variable, its value and the accepted values', () => {
  const faults = faultsOf({
    PORT: '80800',
    DB_POOL_SIZE: '1',
    NODE_ENV: 'prod',
    TAX_RATE: '10%',
    CURRENCY: 'XAU',
    SHOP_TIME_ZONE: 'europe/vienna',
    PASSWORD_BLOCKLIST: 'maybe',
    ORDER_URL: 'ftp://elsewhere',
    USER_PORT: 'x',
    SERVICES: 'order,stock',
  });
  assert.deepEqual(faults, [
    "NODE_ENV is 'prod'; it takes development, test or production.",
    "PORT is '80800'; it takes a port, 0 to 65535 (0: any free one).",
    "DB_POOL_SIZE is '1'; it takes a whole number from 2 to 100.",
    "CURRENCY is 'XAU'; it takes an ISO 4217 code, such as USD.",
    "SHOP_TIME_ZONE is 'europe/vienna'; it takes a name of the IANA database, spelt as there, such as Europe/Vienna.",
    "PASSWORD_BLOCKLIST is 'maybe'; it takes on or off.",
    "TAX_RATE is '10%'; it takes a decimal from 0 to 1 with at most seven digits, such as 0.1.",
    "USER_PORT is 'x'; it takes a port, 0 to 65535.",
    "ORDER_URL is 'ftp://elsewhere'; it takes an http or https URL such as http://orders:3001, with no path, query, user or password.",
    "SERVICES is 'order,stock'; it takes all, or a list of user, order, gateway.",
  ]);
});

test('a number is digits within its bounds, and nothing like them', () => {
  for (const PORT of ['-1', '1.5', '1e3', '0x50', ' 80', '80 ', '99999999999']) {
    assert.equal(faultsOf({ PORT }).length, 1, PORT);
  }
  const costs = ['4', '15'].map(
    (BCRYPT_COST) => readConfig({ BCRYPT_COST }, known).valuesOf(accountSettings).BCRYPT_COST,
  );
  assert.deepEqual(costs, [4, 15]);
  assert.equal(readConfig({ PORT: '0' }, known).PORT, 0);
});

test('a rejected secret is not shown', () => {
  const faults = faultsOf({
    JWT_SECRET: 'sword',
    SERVICE_SECRET: 'sword',
    DATABASE_URL: 'mysql://me:swordfish@host/db',
    ORDER_DATABASE_URL: 'swordfish',
  });
  assert.deepEqual(
    faults.map((fault) => fault.split(' ')[0]),
    ['DATABASE_URL', 'JWT_SECRET', 'SERVICE_SECRET', 'ORDER_DATABASE_URL'],
  );
  for (const fault of faults) assert.match(fault, /is '\(not shown\)'; it takes (at least 8 characters|a postgresql)/);
});

test('the settings that a person looks at hide every secret', () => {
  const secret = 'swordfish-swordfish';
  const shown = shownSettings(
    readConfig(
      {
        JWT_SECRET: secret,
        SERVICE_SECRET: secret,
        POSTGRES_PASSWORD: secret,
        DATABASE_URL: `postgres://me:${secret}@host/db`,
        PASSWORD_BLOCKLIST: 'on',
        TAX_RATE: '0.075',
      },
      known,
    ),
  );
  assert.equal(JSON.stringify(shown).includes(secret), false);
  const values = new Map(shown);
  assert.deepEqual([...values.keys()], Object.keys(settingsOf(known)));
  const some = ['JWT_SECRET', 'PASSWORD_BLOCKLIST', 'TAX_RATE'].map((name) => values.get(name));
  assert.deepEqual(some, ['(hidden)', 'on', '0.075']);
});

test('a process runs all services or those of a list', () => {
  const services = (SERVICES: string) => [...readConfig({ SERVICES }, known).services];
  assert.deepEqual(services('all'), names);
  assert.deepEqual(services('order'), ['order']);
  assert.deepEqual(services('order, user'), ['order', 'user']);
  const refused = [
    'orders',
    'order,',
    ',',
    'order,,user',
    'order,all',
    'all,all',
    'Order',
    ' ',
    'order,order',
    'user, user',
  ];
  for (const SERVICES of refused) assert.match(faultsOf({ SERVICES }).join('|'), /^SERVICES [^|]+\.$/, SERVICES);
  assert.deepEqual(faultsOf({ SERVICES: 'order, user,order' }), [
    "SERVICES is 'order, user,order', which names order twice; name it once.",
  ]);
});

test('each service has settings of its own', () => {
  const { of } = readConfig(
    { ORDER_URL: 'http://orders:3001', ORDER_PORT: '3001', USER_DATABASE_URL: 'postgresql://db/users' },
    known,
  );
  assert.deepEqual(of('order'), { URL: 'http://orders:3001', PORT: 3001 });
  assert.deepEqual(of('user'), { DATABASE_URL: 'postgresql://db/users' });
  assert.deepEqual([of('gateway'), of('nobody')], [{}, {}]);
});

test('a server is named by one URL, or by its parts, whatever characters they have', () => {
  const DB_DRIVER = 'postgres';
  const url = (env: Record<string, string>) => readConfig({ DB_DRIVER, ...env }, known).databaseUrl;
  assert.equal(url({}), 'postgresql://postgres@localhost:5432/tradepost');
  const parts = { POSTGRES_HOST: 'db', POSTGRES_PORT: '6000', POSTGRES_USER: 'me@home', POSTGRES_PASSWORD: 'p:/@#?ä' };
  const made = new URL(url({ ...parts, POSTGRES_DB: 'shop' }) ?? '');
  assert.deepEqual([made.host, made.pathname], ['db:6000', '/shop']);
  assert.deepEqual([made.username, made.password].map(decodeURIComponent), ['me@home', 'p:/@#?ä']);
  const DATABASE_URL = 'postgres://me@other/db';
  assert.equal(url({ ...parts, DATABASE_URL }), DATABASE_URL);
  assert.equal(url({ DB_DRIVER: 'embedded', DATABASE_URL }), undefined);
});

test('a server whose name is no host name stops the start with a sentence', () => {
  assert.match(faultsOf({ DB_DRIVER: 'postgres', POSTGRES_HOST: 'my host' })[0] ?? '', /^POSTGRES_HOST is 'my host';/);
});

test('a configuration cannot be changed after it was read', () => {
  const config = readConfig({}, known);
  assert.throws(() => Object.assign(config, { PORT: 1 }), TypeError);
});

test('the example file names every variable, and its values are the defaults', () => {
  const example = environmentExample(known);
  const given = Object.fromEntries([...example.matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
  assert.deepEqual(shownSettings(readConfig(given, known)), shownSettings(readConfig({}, known)));
  for (const name of Object.keys(settingsOf(known))) assert.match(example, new RegExp(`^(# )?${name}=`, 'm'));
});

test('the place of another service is scheme, host and port, and nothing that would be lost on the way', () => {
  const place = (ORDER_URL: string) => readConfig({ ORDER_URL }, known).of('order').URL;
  const taken = ['http://orders:3001', 'http://orders:3001/', 'https://orders', 'http://[::1]:3001'].map(place);
  assert.deepEqual(taken, ['http://orders:3001', 'http://orders:3001', 'https://orders', 'http://[::1]:3001']);
  const refused = ['/api', '//', '/?a=1', '?', '#x', '/..%2f'].map((rest) => `http://orders:3001${rest}`);
  for (const ORDER_URL of [...refused, 'http://me@orders', 'orders:3001', 'orders', 'http://orders:0', '/var/run/x']) {
    const [fault, ...more] = faultsOf({ ORDER_URL });
    assert.match(fault ?? '', /^ORDER_URL is '.*'; it takes an http or https URL such as .* no path/, ORDER_URL);
    assert.deepEqual(more, []);
  }
  assert.equal(faultsOf({ ORDER_URL: 'http://me:swordfish@orders' }).join().includes('swordfish'), false);
});

test('white space around a value, quotes that a tool left, and invisible characters are reported', () => {
  const cases: [Record<string, string>, RegExp][] = [
    [{ DATA_DIR: ' /srv/data' }, /^DATA_DIR begins with white space; remove that\.$/],
    [{ DATA_DIR: '/srv/data\r' }, /^DATA_DIR ends with a line break/],
    [{ DATA_DIR: '"/srv/data"' }, /^DATA_DIR stands in quotes/],
    [{ HOST: "'127.0.0.1'" }, /^HOST stands in quotes/],
    [{ HOST: '\t0.0.0.0 ' }, /^HOST begins and ends with white space/],
    [{ PORT: '8080\n' }, /^PORT ends with a line break/],
    [{ KAFKA_GROUP_ID: 'shop ' }, /^KAFKA_GROUP_ID ends with white space/],
    [{ POSTGRES_DB: 'shop\u00a0' }, /^POSTGRES_DB ends with white space/],
    [{ ORDER_URL: ' http://orders' }, /^ORDER_URL begins with white space/],
    [{ REDIS_URL: 'redis://localhost\n' }, /^REDIS_URL ends with a line break/],
    [{ DATABASE_URL: '"postgresql://me:swordfish@db/shop"' }, /^DATABASE_URL stands in quotes(?!.*swordfish)/],
    [{ POSTGRES_USER: 'me\tyou' }, /^POSTGRES_USER holds a control character/],
    [{ SELLER_NAME: 'A\0B' }, /^SELLER_NAME holds a NUL character; remove it\.$/],
    [{ JWT_SECRET: `${'s'.repeat(32)}\0` }, /^JWT_SECRET holds a NUL character/],
    [{ HOST: 'http://localhost' }, /^HOST is 'http:\/\/localhost'; it takes an address or a host name/],
    [{ HOST: 'localhost:8080' }, /^HOST is/],
  ];
  for (const [env, sentence] of cases) {
    const [fault, ...more] = faultsOf(env);
    assert.match(fault ?? '', sentence);
    assert.deepEqual(more, []);
  }
  assert.equal(readConfig({ HOST: '[::1]' }, known).HOST, '::1');
});

test('a secret and a text for people are used unchanged, and a possible mistake is reported without the value', () => {
  const secret = 'swordfish-swordfish-swordfish-32';
  const config = readConfig(
    { JWT_SECRET: `${secret}\n`, POSTGRES_PASSWORD: `"${secret}"`, SELLER_NAME: ' Shop', CARRIER_SECRET: secret },
    known,
  );
  assert.deepEqual([config.JWT_SECRET, config.all.SELLER_NAME], [`${secret}\n`, ' Shop']);
  assert.deepEqual(
    config.warnings.map((one) => one.replace(/;.*/, '')),
    [
      'POSTGRES_PASSWORD stands in quotes that are a part of it (a shell takes them away, docker --env-file does not)',
      'JWT_SECRET ends with a line break',
      'SELLER_NAME begins with white space',
    ],
  );
  assert.equal(config.warnings.join().includes(secret), false);
  assert.deepEqual(readConfig({ JWT_SECRET: secret, SELLER_NAME: 'The "Shop"' }, known).warnings, []);
});

test('a path with shell syntax is rejected', () => {
  assert.deepEqual(faultsOf({ DATA_DIR: '~/data' }), [
    `DATA_DIR is '~/data', and only a shell knows what ~ is; write the whole path: ${homedir()}/data.`,
  ]);
  for (const DATA_DIR of ['~', '~shop/data', '$HOME/data', ['/srv/$', '{SHOP}'].join('')]) {
    assert.match(faultsOf({ DATA_DIR }).join('|'), /^DATA_DIR is '[^|]*only a shell knows[^|]*$/, DATA_DIR);
  }
  for (const DATA_DIR of ['./~', '/srv/a~b', '/srv/my data', '/srv/5$']) {
    assert.equal(readConfig({ DATA_DIR }, known).dataDir, resolve(DATA_DIR));
  }
});

test('a variable that resembles a setting is reported, one of another tool is not, and in .env every unknown one is', () => {
  const env = Object.fromEntries(
    ['JWT_SECRT', 'ORDERS_URL', 'log_level', 'EVENT_BUSES', 'SELLER_FAX', 'TRADEPOST_TOKN', 'KAFKA_BROKER']
      .concat(['POSTGRES_INITDB_ARGS', 'KAFKA_HEAP_OPTS', 'RABBITMQ_NODENAME', 'npm_package_name', 'PGHOST', 'HOME'])
      .concat(['CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT', 'ORDER_SERVICE_HOST', 'ORDER_PORT_3001_TCP', 'USER_AGENT'])
      .concat(['TRADEPOST_SERVICE_HOST', 'TRADEPOST_PORT_8080_TCP_ADDR', 'TRADEPOST_TEST_TIER', 'http_proxy'])
      .concat(['HOSTNAME', 'TERM', 'PWD', 'USER', 'NO_COLOR', 'PORT', 'ORDER_PORT', 'DATABASE_URL'])
      .map((name) => [name, 'x']),
  );
  const found = (written: string[]) =>
    unknownSettings(known, env, written).map(({ name, suggestion }) => [name, suggestion]);
  const near = [
    ['JWT_SECRT', 'JWT_SECRET'],
    ['ORDERS_URL', 'ORDER_URL'],
    ['log_level', 'LOG_LEVEL'],
    ['EVENT_BUSES', 'EVENT_BUS'],
    ['SELLER_FAX', undefined],
    ['TRADEPOST_TOKN', 'TRADEPOST_TOKEN'],
    ['KAFKA_BROKER', 'KAFKA_BROKERS'],
  ];
  assert.deepEqual(found([]), near);
  assert.deepEqual(found(['PORT', 'NO_COLOR', 'SMTP_HOST']), [...near, ['SMTP_HOST', undefined]]);
});

test('the shop counts in any currency of ISO 4217, and a limit has no more digits than it', () => {
  for (const CURRENCY of ['JPY', 'KWD', 'CLF', 'EUR']) assert.equal(readConfig({ CURRENCY }, known).CURRENCY, CURRENCY);
  for (const CURRENCY of ['usd', 'XXX', 'XTS', 'US', 'EURO']) assert.equal(faultsOf({ CURRENCY }).length, 1, CURRENCY);
  assert.equal(readConfig({ CURRENCY: 'KWD', PAYMENT_MAX_TOTAL: '10.125' }, known).all.PAYMENT_MAX_TOTAL, '10.125');
  assert.deepEqual(faultsOf({ CURRENCY: 'JPY', PAYMENT_MAX_TOTAL: '10.5' }), [
    "PAYMENT_MAX_TOTAL is '10.5'; in JPY it takes an amount without digits after the point, for JPY has none.",
  ]);
});
