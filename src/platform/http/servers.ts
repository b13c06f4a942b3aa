import { setImmediate } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import type { AnyModule } from '../app/module.ts';
import type { Config } from '../config/config.ts';
import { type ListenAddress, listenAddresses, withSetting } from '../config/ports.ts';
import type { ApiOf, Ops } from '../contract/contract.ts';
import { exposeHealth } from '../observability/health-metrics.ts';
import { type HealthSources, type ServerHealth, serverHealth } from './health/server-health.ts';
import type { ServiceDescription } from './openapi/asyncapi.ts';
import type { RemoteService } from './remote-service.ts';
import { type HttpParts, identifier, mount } from './routes.ts';
import { createServer } from './server.ts';
import { serveSystem } from './system-routes.ts';

/** A service of this process, ready to be served. */
export interface LocalService {
  readonly module: AnyModule;
  /** The guarded service. */
  readonly api: object;
  /** The same with its internal actions. */
  readonly own: ApiOf<Ops>;
}

export interface HttpOptions {
  readonly config: Config;
  readonly served: readonly LocalService[];
  readonly remotes: readonly RemoteService[];
  /** Every service of the system, wherever it runs. */
  readonly descriptions: readonly ServiceDescription[];
  readonly health: HealthSources;
  readonly http: HttpParts;
}

export interface Servers {
  /** Service name to its address. */
  readonly urls: Readonly<Record<string, string>>;
  /** Accepts no more requests, and resolves when those in flight are answered. */
  drain(): Promise<void>;
}

/** A server to open: its port and the services that answer on it. */
interface ServerSpec extends ListenAddress {
  readonly services: readonly LocalService[];
  readonly remotes: readonly RemoteService[];
  /** Whether it is the gateway, which serves the whole system. */
  readonly edge: boolean;
}

function serverSpecs({ config, served, remotes }: HttpOptions): ServerSpec[] {
  const modules = served.map(({ module }) => module);
  return listenAddresses(modules, config).map((address) => {
    const own = served.filter(({ module }) => module.contract.name === address.service);
    return own.some(({ module }) => module.edge)
      ? { ...address, services: served, remotes, edge: true }
      : { ...address, services: own, remotes: [], edge: false };
  });
}

/** The servers of this process with their routes, before anybody can reach them. */
export interface MountedServers {
  /** Opens them. When one cannot listen, those that already do are closed again. */
  listen(): Promise<Servers>;
}

interface MountedServer {
  readonly spec: ServerSpec;
  readonly app: FastifyInstance;
  readonly health: ServerHealth;
}

/** Mounts the routes of every server. It gives way after each service, so that the database can be prepared beside it. */
export async function mountServers(parts: HttpOptions): Promise<MountedServers> {
  const mounted: MountedServer[] = [];
  for (const spec of serverSpecs(parts)) {
    const health = serverHealth({ ...spec, name: spec.service, services: namesOf(spec), sources: parts.health });
    mounted.push({ spec, health, app: await serve(spec, parts, health) });
  }
  return { listen: () => listen(mounted, parts.config.HOST) };
}

async function listen(mounted: readonly MountedServer[], host: string): Promise<Servers> {
  const urls: Record<string, string> = {};
  const unregister: (() => void)[] = [];
  const drain = async (): Promise<void> => {
    for (const hide of unregister) hide();
    await Promise.all(mounted.map(({ app }) => app.close()));
  };
  try {
    for (const { spec, app, health } of mounted) {
      unregister.push(exposeHealth(spec.service, health.whole));
      const url = await app.listen({ host, port: spec.port }).catch((error: unknown) => {
        throw withSetting(error, spec);
      });
      for (const { module } of spec.services) urls[module.contract.name] = url;
    }
  } catch (error) {
    await drain();
    throw error;
  }
  return { urls, drain };
}

const namesOf = ({ services }: ServerSpec): string[] => services.map(({ module }) => module.contract.name);

async function serve(
  { service: name, services, remotes }: ServerSpec,
  { descriptions, http }: HttpOptions,
  health: ServerHealth,
): Promise<FastifyInstance> {
  const app = createServer(http.log);
  for (const { module, api, own } of services) {
    mount(app, module.contract, api as never, http);
    module.routes?.({ app, service: own, identify: identifier(module.contract.name, http), remotes });
    await setImmediate();
  }
  const contracts = services.map(({ module }) => module.contract);
  serveSystem(app, { name, contracts, remotes, descriptions, health });
  return app;
}
