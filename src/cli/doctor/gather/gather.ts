import { container } from '../../../container.ts';
import { knownServices, modulesOf } from '../../../platform/app/app.ts';
import { storesInDataDirectory } from '../../../platform/app/engines.ts';
import { type Config, ConfigError, unknownSettings } from '../../../platform/config/config.ts';
import { unknownSentence } from '../../../platform/config/unknown.ts';
import { statusSummary } from '../../status/summary.ts';
import { readServerStatus, serverAddresses } from '../../status/system-status.ts';
import type { Facts, Gathered } from '../facts.ts';
import { brokerFacts } from './broker.ts';
import { directoryFacts } from './directory.ts';
import { portFacts } from './ports.ts';
import { installFacts, machineFacts, programFacts, programRoot } from './program.ts';
import { clickhouseFacts, databaseFacts } from './servers.ts';
import { certificateFacts, exposureFacts, secretFacts } from './settings.ts';

/** Gathers all facts concurrently. It changes nothing. */
export async function gatherFacts(configuration: () => Config): Promise<Facts> {
  const { config, faults } = read(configuration);
  const root = programRoot();
  const ifConfigured = async <T>(look: (config: Config) => Promise<Gathered<T>> | Gathered<T>): Promise<Gathered<T>> =>
    config ? look(config) : { none: 'the settings are not valid' };
  const [program, ports, database, broker, clickhouse, certificates, health, secrets] = await Promise.all([
    programFacts(config !== undefined && wantsEmbedded(config)),
    ifConfigured(portFacts),
    ifConfigured(databaseFacts),
    ifConfigured(brokerFacts),
    ifConfigured(clickhouseFacts),
    ifConfigured(certificateFacts),
    ifConfigured(healthFacts),
    ifConfigured(async (one) => ({ found: await secretFacts(one) })),
  ]);
  const unknown = unknownSettings(knownServices(container));
  const reported = new Set(unknown.map(unknownSentence));
  return {
    program,
    install: installFacts(root),
    machine: machineFacts(),
    settings: { faults, warnings: config?.warnings.filter((one) => !reported.has(one)) ?? [], unknown },
    secrets,
    exposure: await ifConfigured((one) => ({ found: exposureFacts(one) })),
    directory: await ifConfigured(directoryOf),
    ports,
    database,
    broker,
    clickhouse,
    certificates,
    health,
  };
}

function read(configuration: () => Config): { config: Config | undefined; faults: readonly string[] } {
  try {
    return { config: configuration(), faults: [] };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { config: undefined, faults: error.faults };
  }
}

function wantsEmbedded(config: Config): boolean {
  return storesInDataDirectory(modulesOf(container), config).includes('postgres');
}

function directoryOf(config: Config): Facts['directory'] {
  if (storesInDataDirectory(modulesOf(container), config).length === 0) return { none: 'nothing is kept in it' };
  return { found: directoryFacts(config.dataDir) };
}

async function healthFacts(config: Config): Promise<Facts['health']> {
  if (config.PORT === 0) return { none: 'PORT is 0, so its address is unknown' };
  const servers = await Promise.all(serverAddresses(config, {}).map((address) => readServerStatus(address, undefined)));
  const running = servers.filter(({ health }) => health !== undefined);
  if (running.length === 0) return { none: 'nothing runs' };
  const skews = await Promise.all(running.map(({ url }) => clockSkew(url)));
  const most = skews.filter((skew) => skew !== undefined).sort((a, b) => Math.abs(b) - Math.abs(a))[0];
  return { found: { problems: statusSummary({ servers, deadLetters: undefined }).problems, skewMs: most } };
}

/** The difference of a server's clock in milliseconds, to the second, from its Date header. */
async function clockSkew(url: string): Promise<number | undefined> {
  const began = Date.now();
  const answer = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
  const date = Date.parse(answer?.headers.get('date') ?? '');
  await answer?.body?.cancel();
  return Number.isNaN(date) ? undefined : date + 500 - (began + Date.now()) / 2;
}
