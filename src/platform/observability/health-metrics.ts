import { Gauge } from 'prom-client';
import type { Condition } from './health.ts';
import { registry } from './metrics.ts';

interface Seen {
  readonly health: { readonly status: Condition };
  readonly conditions: Readonly<Record<string, Condition>>;
}

const VALUES: Readonly<Record<Condition, number>> = { ok: 1, degraded: 0.5, down: 0 };
const exposed = new Map<() => Promise<Seen>, string>();

/** What is seen of each service now. Looks are shared, so that several gauges cost no more than one. */
const lookAround = (): Promise<(readonly [string, Seen])[]> =>
  Promise.all([...exposed].map(async ([look, service]) => [service, await look()] as const));

const status = new Gauge({
  name: 'tradepost_health_status',
  help: 'What /health says of a service as a whole: 1 ok, 0.5 degraded, 0 down',
  labelNames: ['service'],
  registers: [registry],
  async collect() {
    const seen = await lookAround();
    this.reset();
    for (const [service, { health }] of seen) this.set({ service }, VALUES[health.status]);
  },
});

const checks = new Gauge({
  name: 'tradepost_health',
  help: 'Each check of /health by itself: 1 ok, 0.5 degraded, 0 down',
  labelNames: ['service', 'check'],
  registers: [registry],
  async collect() {
    const seen = await lookAround();
    this.reset();
    for (const [service, { conditions }] of seen) {
      for (const [check, condition] of Object.entries(conditions)) this.set({ service, check }, VALUES[condition]);
    }
  },
});

/** Shows the health of a service at `/metrics`, until the function that it answers is called. */
export function exposeHealth(service: string, look: () => Promise<Seen>): () => void {
  exposed.set(look, service);
  return () => {
    exposed.delete(look);
    for (const gauge of [status, checks]) gauge.reset();
  };
}
