import { Gauge } from 'prom-client';
import { inTime } from './health.ts';
import { registry } from './metrics.ts';

/** The services whose dead letters are exposed, and how to count them. */
const counters = new Map<() => Promise<number>, string>();
const TIMEOUT_MS = 2_000;

const gauge = new Gauge({
  name: 'tradepost_dead_letters_waiting',
  help: 'Dead letters that wait for a person, by service',
  labelNames: ['service'],
  registers: [registry],
  async collect() {
    const counts = [...counters].map(async ([count, service]) => {
      // When a store does not answer, the gauge keeps its value; the health check of the store reports the fault.
      const deadLetters = await inTime(count(), TIMEOUT_MS).catch(() => undefined);
      if (deadLetters !== undefined) this.set({ service }, deadLetters);
    });
    await Promise.all(counts);
  },
});

/** Exposes the number of a service's dead letters at `/metrics` until the returned function is called. */
export function exposeDeadLetters(service: string, count: () => Promise<number>): () => void {
  counters.set(count, service);
  return () => {
    counters.delete(count);
    gauge.remove({ service });
  };
}
