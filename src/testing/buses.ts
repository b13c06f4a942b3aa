import { randomBytes } from 'node:crypto';
import { describe } from 'node:test';
import { testBrokers } from '../platform/config/config.ts';

/** A bus that the whole system can run on in a test: the settings that choose it. */
export interface TestBus {
  readonly name: string;
  /** Names of its own each time, since the brokers are shared by everything that is tested. */
  env(): Record<string, string>;
}

/** Every bus whose broker runs; `npm test` names those that are missing. */
export function testBuses(): TestBus[] {
  const { redis, rabbitmq, kafka } = testBrokers();
  const buses: [string, Record<string, string> | undefined][] = [
    ['embedded', {}],
    ['redis', redis === undefined ? undefined : { REDIS_URL: redis }],
    ['rabbitmq', rabbitmq === undefined ? undefined : { RABBITMQ_URL: rabbitmq }],
    ['kafka', kafka === undefined ? undefined : { KAFKA_BROKERS: kafka }],
  ];
  return buses.flatMap(([name, where]) => {
    if (!where) return [];
    const env = () => {
      const own = `test-${randomBytes(4).toString('hex')}`;
      return { ...where, EVENT_BUS: name, KAFKA_GROUP_ID: own, KAFKA_TOPIC_PREFIX: `${own}-` };
    };
    return [{ name, env }];
  });
}

/** Runs a suite on every bus there is. */
export function eachBus(title: string, suite: (bus: TestBus) => void): void {
  for (const one of testBuses()) describe(`${title} (${one.name})`, () => suite(one));
}
