import { Gauge } from 'prom-client';
import type { Condition } from './health.ts';
import { registry } from './metrics.ts';

interface ReportedHealth {
  readonly health: { readonly status: Condition };
  readonly conditions: Readonly<Record<string, Condition>>;
}

const VALUES: Readonly<Record<Condition, number>> = { ok: 1, degraded: 0.5, down: 0 };
const exposed = new Map<() => Promise<ReportedHealth>, string>();

/** The current health of each service. Checks are shared, so that several gauges cost one run. */
const currentHealth = (): Promise<(readonly [string, ReportedHealth])[]> =>
  Promise.all([...exposed].map(async ([look, service]) => [service, await look()] as const));

const status = new Gauge({
  name: 'tradepost_health_status',
  help: 'What /health says of a service as a whole: 1 ok, 0.5 degraded, 0 down',
  labelNames: ['service'],
  registers: [registry],
  async collect() {
    const seen = await currentHealth();
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
    const seen = await currentHealth();
    this.reset();
    for (const [service, { conditions }] of seen) {
      for (const [check, condition] of Object.entries(conditions)) this.set({ service, check }, VALUES[condition]);
    }
  },
});

/** Exposes the health of a service at `/metrics` until the returned function is called. */
export function exposeHealth(service: string, look: () => Promise<ReportedHealth>): () => void {
  exposed.set(look, service);
  return () => {
    exposed.delete(look);
    for (const gauge of [status, checks]) gauge.reset();
  };
}
