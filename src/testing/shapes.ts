import { describe, test } from 'node:test';
import { testTier } from '../platform/config/config.ts';
import { ofFirstTier } from './engines.ts';
import type { WorldOptions } from './world.ts';

// The first tier has one process; the second adds each service in a process of its own.
const together = testTier() !== 'all' || !ofFirstTier;
const apart = testTier() !== 'first';

/** Runs a suite in each shape of the system. */
export function eachShape(title: string, suite: (options: WorldOptions) => void): void {
  if (together) describe(`${title}, in one process`, () => suite({ processes: 'one' }));
  if (apart) describe(`${title}, with each service in a process of its own`, () => suite({ processes: 'each' }));
}

/** A test of what differs when each service runs in a process of its own: it belongs to the second tier. */
export function testApart(title: string, work: () => Promise<void>): void {
  if (apart) test(title, work);
}
