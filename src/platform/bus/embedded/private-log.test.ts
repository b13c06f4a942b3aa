import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { type AnyModule, defineService } from '../../app/module.ts';
import { type Config, ConfigError, readConfig } from '../../config/config.ts';
import { contract, event, Id } from '../../contract/contract.ts';
import { on } from '../../contract/events.ts';
import { refusePrivateLog } from './private-log.ts';

const told = event('teller.told', 'something was told', Type.Object({ id: Id() }));

function service(name: string, hears: boolean, keeps = true): AnyModule {
  const module = {
    contract: contract({
      name,
      summary: '',
      port: 1,
      topic: name,
      ops: {},
      events: name === 'teller' ? { told } : {},
      errors: {},
    }),
    ...(keeps && { stores: { postgres: { open: () => ({}) } } }),
    ...(hears && { consumers: [on(told, 'hear', async () => undefined)] }),
    service: () => ({}),
  };
  return defineService(module) as unknown as AnyModule;
}

const modules = [
  service('teller', false),
  service('hearer', true),
  service('loner', false),
  service('door', false, false),
];
const config = (env: Record<string, string>): Config =>
  readConfig(
    env,
    modules.map((one) => ({ name: one.contract.name })),
  );
const refused = (env: Record<string, string>) =>
  assert.rejects(refusePrivateLog(modules, config(env)), (error: unknown) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.faults.length, 1);
    assert.match(error.message, /hearer listens to teller/);
    assert.match(error.message, /EVENT_BUS to redis, rabbitmq or kafka|DATABASE_URL/);
    return true;
  });

test('a process whose events nobody elsewhere can reach does not start without those it needs', async () => {
  await refused({ SERVICES: 'hearer,door' });
  await refused({ SERVICES: 'teller' });
  await refused({ SERVICES: 'teller', DATABASE_URL: 'postgresql://one.example/x', DB_DRIVER: 'embedded' });
  await refused({ SERVICES: 'teller', DB_DRIVER: 'clickhouse' });
  // A database of its own does not bring the log to others.
  await refused({ SERVICES: 'teller', TELLER_DATABASE_URL: 'postgresql://one.example/x' });
});

test('a process that can exchange its events, or needs none of others, starts', async () => {
  const url = { DATABASE_URL: 'postgresql://one.example/x' };
  const settings: Record<string, string>[] = [
    {},
    { SERVICES: 'loner' },
    { SERVICES: 'door' },
    { SERVICES: 'teller,hearer' },
    { SERVICES: 'teller', DB_DRIVER: 'postgres', ...url },
    { SERVICES: 'teller', DB_DRIVER: 'clickhouse', ...url },
    { SERVICES: 'hearer', EVENT_BUS: 'redis' },
  ];
  for (const env of settings) await refusePrivateLog(modules, config(env));
});
