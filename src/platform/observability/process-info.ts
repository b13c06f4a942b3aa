import { Gauge } from 'prom-client';
import type { Engines } from '../app/engines.ts';
import { VERSION } from '../app/version.ts';
import type { Config } from '../config/config.ts';
import { registry } from './metrics.ts';

const build = new Gauge({
  name: 'tradepost_build_info',
  help: '1, with the version of Tradepost',
  labelNames: ['version'],
  registers: [registry],
});

const engine = new Gauge({
  name: 'tradepost_engine_info',
  help: '1, with an engine that services of this process stand on; the version of a broker is empty',
  labelNames: ['role', 'engine', 'version', 'services'],
  registers: [registry],
});

/** Exposes the version and the engines of this process at `/metrics`. */
export async function exposeProcessInfo(
  engines: Engines,
  persistentServices: readonly string[],
  config: Config,
): Promise<void> {
  build.set({ version: VERSION }, 1);
  if (persistentServices.length === 0) return;
  for (const server of (await Promise.all(engines.all.map((one) => one.servers()))).flat()) {
    const { engine: name, version, services } = server;
    engine.set({ role: 'database', engine: name, version, services: services.join(' ') }, 1);
  }
  const bus = config.EVENT_BUS === 'embedded' ? 'the log in PostgreSQL' : config.EVENT_BUS;
  engine.set({ role: 'bus', engine: bus, version: '', services: persistentServices.join(' ') }, 1);
}
