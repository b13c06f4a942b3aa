import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readConfig } from '../config/config.ts';
import { locationOf, placesOf, servicesIn, storesInDataDirectory } from './engines.ts';
import type { AnyModule } from './module.ts';

const open = () => undefined;
const moduleOf = (name: string, stores?: object) => ({ contract: { name }, stores }) as unknown as AnyModule;
const BOTH = { postgres: { open }, clickhouse: { open } };
const modules = [moduleOf('order', BOTH), moduleOf('payment', { postgres: { open } }), moduleOf('gateway')];
const known = ['order', 'payment', 'gateway'].map((name) => ({ name }));
const SERVER = { CLICKHOUSE_HOST: 'ch.example', CLICKHOUSE_DB: 'shop' };
const DATABASE_URL = 'postgresql://db.example/shop';

/** What a person is told of each service, and which stores are in the data directory. */
function told(env: Record<string, string>) {
  const config = readConfig(env, known);
  const of = (module: AnyModule) => {
    const location = locationOf(module, config);
    return location && `${location.place}, ${location.part}`;
  };
  return { services: modules.map(of), embedded: storesInDataDirectory(modules, config) };
}

test('where a service is kept is what the store says that it is kept in', () => {
  const payment = 'embedded PostgreSQL, schema tradepost_payment';
  assert.deepEqual(told({}), {
    services: ['embedded PostgreSQL, schema tradepost_order', payment, undefined],
    embedded: ['postgres'],
  });
  assert.deepEqual(told({ DB_DRIVER: 'postgres', DATABASE_URL }), {
    services: [
      'PostgreSQL at db.example:5432/shop, schema tradepost_order',
      'PostgreSQL at db.example:5432/shop, schema tradepost_payment',
      undefined,
    ],
    embedded: [],
  });
  assert.deepEqual(told({ DB_DRIVER: 'clickhouse' }), {
    services: ['ClickHouse in the process, database tradepost_order', payment, undefined],
    embedded: ['postgres', 'clickhouse'],
  });
  assert.deepEqual(told({ DB_DRIVER: 'clickhouse', ...SERVER }), {
    services: ['ClickHouse at ch.example:8123, database shop_order', payment, undefined],
    embedded: ['postgres'],
  });
});

test('one service may be kept elsewhere than the rest', () => {
  const own = { ORDER_DB_DRIVER: 'clickhouse', ...SERVER, PAYMENT_DATABASE_URL: 'postgresql://other.example/pay' };
  assert.deepEqual(told(own), {
    services: [
      'ClickHouse at ch.example:8123, database shop_order',
      'PostgreSQL at other.example:5432/pay, schema tradepost_payment',
      undefined,
    ],
    embedded: [],
  });
  const config = readConfig(own, known);
  assert.deepEqual(
    [servicesIn('clickhouse', modules, config), servicesIn('postgres', modules, config)],
    [['order'], ['payment']],
  );
  assert.deepEqual(placesOf(modules, config).length, 2);
});

test('the log of the embedded bus is in the data directory when no service is kept in PostgreSQL', () => {
  const alone = { DB_DRIVER: 'clickhouse', ...SERVER, SERVICES: 'order', JWT_SECRET: 's'.repeat(40) };
  assert.deepEqual(told(alone).embedded, ['postgres']);
  assert.deepEqual(told({ ...alone, EVENT_BUS: 'kafka' }).embedded, []);
});

// Whoever looks at the settings himself to know where a service is kept forgets a store, or the setting of one service.
test('nobody but the stores themselves decides or tells where a service is kept', () => {
  const own = /^src\/platform\/(config|db\/(postgres|clickhouse))\/|^src\/platform\/app\/engines\.ts$|^src\/testing\//;
  const files = globSync('src/**/*.ts').filter((file) => !own.test(file) && !/\.(test|fixture)\.ts$/.test(file));
  const asks =
    /\.DB_DRIVER\b|\bisOn[A-Z]|\bwants(ClickHouse|Postgres)\b|(embedded PostgreSQL|PostgreSQL at|ClickHouse at|ClickHouse in)[^'`]*\bschema\b/;
  const found = files.filter((file) => asks.test(readFileSync(file, 'utf8')));
  assert.deepEqual(found, []);
});
