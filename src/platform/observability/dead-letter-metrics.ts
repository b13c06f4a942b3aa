import { Gauge } from 'prom-client';
import { inTime } from './health.ts';
import { registry } from './metrics.ts';

/** The services whose dead letters are shown, and how to count them. */
const shown = new Map<() => Promise<number>, string>();
const PATIENCE_MS = 2_000;

const waiting = new Gauge({
  name: 'tradepost_dead_letters_waiting',
  help: 'Dead letters that wait for a person, by service',
  labelNames: ['service'],
  registers: [registry],
  async collect() {
    const counts = [...shown].map(async ([count, service]) => {
      // A store that is away leaves the figure as it was: its own check tells of it.
      const letters = await inTime(count(), PATIENCE_MS).catch(() => undefined);
      if (letters !== undefined) this.set({ service }, letters);
    });
    await Promise.all(counts);
  },
});

/** Shows at `/metrics` how many dead letters a service has, until the function that it answers is called. */
export function showDeadLetters(service: string, count: () => Promise<number>): () => void {
  shown.set(count, service);
  return () => {
    shown.delete(count);
    waiting.remove({ service });
  };
}
