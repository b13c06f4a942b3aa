import { describe } from 'node:test';
import { testBuses } from '../../src/testing/buses.ts';
import { eachTarget, type TestTarget } from '../../src/testing/targets.ts';
import { wholeWay } from './order-to-cash.fixture.ts';

// The whole way, in one process, on each target, and there with each bus: every event comes twice, and subjects overtake
// each other.

let first: TestTarget | undefined;

eachTarget('from order to cash', (target) => {
  // PostgreSQL is PostgreSQL: with every bus once; ClickHouse with every bus in the process, and over HTTP with Redis.
  first ??= target;
  const all = target === first || (target.driver === 'clickhouse' && !target.shared);
  const buses = testBuses().filter(
    ({ name }) => all || name === (target.driver === 'clickhouse' ? 'redis' : 'embedded'),
  );
  for (const bus of buses) describe(`with the bus ${bus.name}`, () => wholeWay(target, bus));
});
