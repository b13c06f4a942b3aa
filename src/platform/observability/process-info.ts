import { Gauge } from 'prom-client';
import type { Engines } from '../app/engines.ts';
import { VERSION } from '../app/version.ts';
import type { Config } from '../config/config.ts';
import { clickhouseVersion, postgresVersion } from '../db/version.ts';
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
  for (const [version, services] of await postgresServers(engines, persistentServices)) {
    engine.set({ role: 'database', engine: 'PostgreSQL', version, services: services.join(' ') }, 1);
  }
  const rows = persistentServices.filter(engines.isOnClickHouse);
  if (rows.length > 0) {
    const version = await clickhouseVersion(engines.clickhouse().engine);
    engine.set({ role: 'database', engine: 'ClickHouse', version, services: rows.join(' ') }, 1);
  }
  const bus = config.EVENT_BUS === 'embedded' ? 'the log in PostgreSQL' : config.EVENT_BUS;
  engine.set({ role: 'bus', engine: bus, version: '', services: persistentServices.join(' ') }, 1);
}

/** The services by the version of their PostgreSQL server; usually one version for all. */
async function postgresServers(
  engines: Engines,
  persistentServices: readonly string[],
): Promise<Map<string, string[]>> {
  const servers = new Map<string, string[]>();
  const versions = new Map<object, string>();
  for (const service of persistentServices) {
    if (engines.isOnClickHouse(service)) continue;
    const db = engines.database(service);
    const version = versions.get(db) ?? (await postgresVersion(db));
    versions.set(db, version);
    servers.set(version, [...(servers.get(version) ?? []), service]);
  }
  return servers;
}
