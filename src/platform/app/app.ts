import { type CtxSeal, createSeal } from '../auth/seal.ts';
import { createTokens } from '../auth/tokens.ts';
import type { Bus } from '../bus/bus.ts';
import { refusePrivateLog } from '../bus/embedded/private-log.ts';
import { type EventPath, openEventPath } from '../bus/event-path.ts';
import type { Config } from '../config/config.ts';
import { refuseSharedPorts, refuseTakenPorts } from '../config/ports.ts';
import type { KnownService } from '../config/settings.ts';
import { setShopCurrency } from '../contract/money/currencies.ts';
import type { DeadLetterStore } from '../db/dead-letters.ts';
import { forgettingJobs } from '../db/retention-jobs.ts';
import type { Lifecycle } from '../http/health/server-health.ts';
import type { RemoteService } from '../http/remote-service.ts';
import { reservedNames } from '../http/requests/reserved-names.ts';
import { mountServers } from '../http/servers.ts';
import { faultLog } from '../observability/fault-log.ts';
import { healthSources, type Peers } from '../observability/health-sources.ts';
import type { Log } from '../observability/log.ts';
import { collectProcessMetrics } from '../observability/metrics.ts';
import { exposeProcessInfo } from '../observability/process-info.ts';
import { createEngines, type Engines, migrateAll, persistentServices } from './engines.ts';
import { arm } from './failpoint.ts';
import { startJobs } from './jobs.ts';
import type { AnyModule, Tools, Wire } from './module.ts';
import type { Steps } from './steps.ts';
import { type Local, serviceUrl, wiring } from './wiring.ts';

/** What a container is to the platform: a function that wires every service there is. */
export type Container<S extends object = object> = (wire: Wire) => S;

export interface StartOptions<S extends object = object> {
  readonly config: Config;
  readonly container: Container<S>;
  readonly log: Log;
  readonly steps?: Steps;
  /** Told what takes longer than a moment. */
  readonly progress?: (text: string) => void;
  /** Puts something around the bus: so that tests can duplicate and reorder events. */
  readonly aroundBus?: (bus: Bus) => Bus;
  /** Told when an engine of this process is gone and cannot come back: the process has to end. */
  readonly onLost?: (sentence: string, reason: string) => void;
}

export interface RunningSystem<S extends object = object> {
  /** What the container made: every service, here or elsewhere. */
  readonly services: S;
  /** Service name to its address; `gateway` is the address of everything when it runs here. */
  readonly urls: Readonly<Record<string, string>>;
  /** Stops taking requests, answers those on their way, and ends every connection and child process. */
  close(): Promise<void>;
}

/** The modules of a container, without building any: what exists, in the order of the map. */
export function modulesOf(container: Container): AnyModule[] {
  const modules: AnyModule[] = [];
  container(((module: AnyModule) => {
    modules.push(module);
    return {};
  }) as Wire);
  return modules;
}

/** Every service of a container, with its own settings: what a configuration is read for. */
export const knownServices = (container: Container): KnownService[] =>
  modulesOf(container).map(({ contract, settings }) => ({ name: contract.name, settings }));

/** Starts what the configuration asks of this process: engines, migrations, services, servers, jobs. */
export async function start<S extends object>(options: StartOptions<S>): Promise<RunningSystem<S>> {
  const { config, container, log, steps } = options;
  setShopCurrency(config.CURRENCY);
  arm(config.FAILPOINT);
  collectProcessMetrics();
  const modules = modulesOf(container);
  refuseSharedPorts(modules, config);
  await refuseTakenPorts(modules, config);
  await refusePrivateLog(modules, config);
  const seal = sealOf(config, modules);
  steps?.begin('Preparing the database');
  const engines = await createEngines({ ...options, modules });
  const closing: (() => Promise<unknown>)[] = [() => engines.close()];
  try {
    const tokens = createTokens(config.JWT_SECRET);
    const tools: Tools = { config, log, tokens, reservedNames: reservedNames(modules.map((one) => one.contract)) };
    const locals: Local[] = [];
    const remotes: RemoteService[] = [];
    const stores = new Map<string, DeadLetterStore>();
    const peers: Peers = { pings: new Map(), called: new Map() };
    const services = container(wiring({ tools, engines, seal, locals, remotes, closing, stores, peers }));
    const keepers = persistentServices(modules, config);
    const life: Lifecycle = { phase: 'starting' };
    let path: EventPath | undefined;
    const lookAtEvents = keepers.length > 0 ? async () => path?.look() : undefined;
    const health = healthSources({ life, engines, lookAtEvents, ...peers });
    const http = { log, tokens, seal };
    // Routes need no database: they are mounted while its answers are on their way.
    const mounting = mountServers({ config, served: locals, remotes, descriptions: modules, health, http });
    const [servers] = await Promise.all([mounting, prepareStores(keepers, engines, options)]);
    const issuer = modules.find(({ jwksPath }) => jwksPath !== undefined);
    if (issuer && !config.services.has(issuer.contract.name)) {
      const report = faultLog(log);
      tokens.useJwks(`${serviceUrl(config, issuer.contract)}${issuer.jwksPath}`, (err) =>
        report('the key set of the user service cannot be renewed; the last one is used for an hour', { err }),
      );
    }
    steps?.begin('Starting the services');
    for (const local of locals) {
      const done = await local.start();
      if (typeof done === 'string') steps?.tell(done);
    }
    const contracts = modules.map((one) => one.contract);
    path = await openEventPath({ ...options, engines, keepers, contracts, deadLetters: stores });
    if (path) closing.push(path.close);
    for (const local of locals) if (path) local.prepare(path);
    const { urls, drain } = await servers.listen();
    await path?.listen();
    const forgetting = forgettingJobs(keepers, engines, path?.bus.forget, config);
    const jobs = startJobs([...forgetting, ...locals.flatMap((local) => local.jobs)], log);
    life.phase = 'running';
    return {
      services,
      urls,
      async close() {
        life.phase = 'stopping';
        await endAll([drain, () => jobs.stop(), ...closing.reverse()]);
      },
    };
  } catch (error) {
    await endAll(closing.reverse()).catch(() => undefined);
    throw error;
  }
}

/** Ends one after the other. One that fails keeps no other from its end; its error is thrown after the last. */
async function endAll(ends: readonly (() => Promise<unknown>)[]): Promise<void> {
  const failures: unknown[] = [];
  for (const end of ends) {
    try {
      await end();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}

/** Brings what the services keep to where they can begin. Throws ConfigError where they must not. */
async function prepareStores(
  keepers: readonly string[],
  engines: Engines,
  { config, log, steps }: Pick<StartOptions, 'config' | 'log' | 'steps'>,
): Promise<void> {
  for (const engine of engines.all) await engine.refuseUnfinished(true);
  for (const engine of engines.all) await engine.refuseDamaged();
  const ran = await migrateAll(engines, config);
  if (ran.length > 0) {
    log.debug({ migrations: ran }, 'migrated');
    steps?.tell(`${ran.length} migrations`);
  }
  // Before anything else is written: a process that another one keeps out must change nothing.
  for (const engine of engines.all.toReversed()) await engine.prepare();
  const [notes] = await Promise.all([
    Promise.all(engines.all.map((engine) => engine.legacyImports())),
    exposeProcessInfo(engines, keepers, config),
  ]);
  for (const note of notes.flat()) log.warn(`taken over: ${note}`);
}

function sealOf(config: Config, modules: readonly AnyModule[]): CtxSeal | undefined {
  if (modules.every(({ contract }) => config.services.has(contract.name))) return undefined;
  const secret = config.SERVICE_SECRET ?? config.JWT_SECRET;
  if (!secret) {
    throw new Error(
      'SERVICE_SECRET or JWT_SECRET must be set when services run in several processes; it signs their calls.',
    );
  }
  return createSeal(secret);
}
