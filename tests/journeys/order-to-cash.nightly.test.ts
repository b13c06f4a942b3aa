import { describe } from 'node:test';
import { testBuses } from '../../src/testing/buses.ts';
import { eachTarget } from '../../src/testing/targets.ts';
import { wholeWay } from './order-to-cash.fixture.ts';

// The whole way with each service in a process of its own, on every PostgreSQL server with every bus.
eachTarget('from order to cash, apart', (target) => {
  if (target.driver !== 'postgres') return;
  for (const bus of testBuses()) describe(`with the bus ${bus.name}`, () => wholeWay(target, bus, 'each'));
});
