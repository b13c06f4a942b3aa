import { Gauge } from 'prom-client';
import { registry } from '../../../observability/metrics.ts';

interface Exposed {
  /** Names the database: no user and no password. */
  readonly place: string;
  readonly pool: { readonly totalCount: number; readonly idleCount: number; readonly waitingCount: number };
  /** Throws when nothing can be written. */
  readonly writable: () => Promise<void>;
}

const exposed = new Set<Exposed>();
const TIMEOUT_MS = 2_000;

const up = new Gauge({
  name: 'tradepost_database_up',
  help: '1 when the database answers and can be written to, else 0',
  labelNames: ['database'],
  registers: [registry],
  async collect() {
    const outcomes = await Promise.all(
      [...exposed].map(async ({ place, writable }) => [place, await isUp(writable)] as const),
    );
    this.reset();
    for (const [database, value] of outcomes) this.set({ database }, value);
  },
});

const connections = new Gauge({
  name: 'tradepost_database_connections',
  help: 'Connections of the pool of this process, by database and state (busy or idle)',
  labelNames: ['database', 'state'],
  registers: [registry],
  collect() {
    this.reset();
    for (const { place: database, pool } of exposed) {
      this.inc({ database, state: 'idle' }, pool.idleCount);
      this.inc({ database, state: 'busy' }, pool.totalCount - pool.idleCount);
    }
  },
});

const waiting = new Gauge({
  name: 'tradepost_database_waiting',
  help: 'Statements of this process that wait for a connection, by database',
  labelNames: ['database'],
  registers: [registry],
  collect() {
    this.reset();
    for (const { place: database, pool } of exposed) this.inc({ database }, pool.waitingCount);
  },
});

/** Shows a database at `/metrics` until the function that it answers is called. */
export function exposeDatabase(database: Exposed): () => void {
  exposed.add(database);
  return () => {
    if (!exposed.delete(database)) return;
    for (const gauge of [up, connections, waiting]) gauge.reset();
  };
}

async function isUp(writable: () => Promise<void>): Promise<number> {
  const { promise: late, resolve } = Promise.withResolvers<number>();
  const timer = setTimeout(() => resolve(0), TIMEOUT_MS);
  const outcome = writable().then(
    () => 1,
    () => 0,
  );
  return Promise.race([outcome, late]).finally(() => clearTimeout(timer));
}
