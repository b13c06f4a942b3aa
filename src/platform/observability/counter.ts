import { Counter } from 'prom-client';
import { registry } from './metrics.ts';

/** A metric of a service that counts what happened in this process, from 0; it ends in `_total`. */
export function counter(name: `tradepost_${string}_total`, help: string): { add(count: number): void } {
  const made = new Counter({ name, help, registers: [registry] });
  return { add: (count) => made.inc(count) };
}
