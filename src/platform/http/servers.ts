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
  /** Every service there is, wherever it runs. */
  readonly descriptions: readonly ServiceDescription[];
  readonly health: HealthSources;
  readonly http: HttpParts;
}

export interface Servers {
  /** Service name to its address. */
  readonly urls: Readonly<Record<string, string>>;
  /** Takes no more requests, and resolves when those on their way are answered. */
  drain(): Promise<void>;
}

/** Which services answer on which port. */
interface OpenDoor extends ListenAddress {
  readonly behind: readonly LocalService[];
  readonly remotes: readonly RemoteService[];
  /** Whether it is the one door of the whole system. */
  readonly edge: boolean;
}

function openDoors({ config, served, remotes }: HttpOptions): OpenDoor[] {
  const modules = served.map(({ module }) => module);
  return listenAddresses(modules, config).map((door) => {
    const own = served.filter(({ module }) => module.contract.name === door.service);
    return own.some(({ module }) => module.edge)
      ? { ...door, behind: served, remotes, edge: true }
      : { ...door, behind: own, remotes: [], edge: false };
  });
}

/** Opens the servers of this process. When one cannot listen, those that already do are closed again. */
export async function listen(parts: HttpOptions): Promise<Servers> {
  const urls: Record<string, string> = {};
  const servers: FastifyInstance[] = [];
  const hidden: (() => void)[] = [];
  const drain = async (): Promise<void> => {
    for (const hide of hidden) hide();
    await Promise.all(servers.map((server) => server.close()));
  };
  try {
    for (const door of openDoors(parts)) {
      const health = serverHealth({ ...door, name: door.service, services: namesOf(door), sources: parts.health });
      const app = serve(door, parts, health);
      hidden.push(exposeHealth(door.service, health.whole));
      servers.push(app);
      const url = await app.listen({ host: parts.config.HOST, port: door.port }).catch((error: unknown) => {
        throw withSetting(error, door);
      });
      for (const { module } of door.behind) urls[module.contract.name] = url;
    }
  } catch (error) {
    await drain();
    throw error;
  }
  return { urls, drain };
}

const namesOf = ({ behind }: OpenDoor): string[] => behind.map(({ module }) => module.contract.name);

function serve(
  { service: name, behind, remotes }: OpenDoor,
  { descriptions, http }: HttpOptions,
  health: ServerHealth,
): FastifyInstance {
  const app = createServer(http.log);
  for (const { module, api, own } of behind) {
    mount(app, module.contract, api as never, http);
    module.routes?.({ app, service: own, identify: identifier(module.contract.name, http), remotes });
  }
  const contracts = behind.map(({ module }) => module.contract);
  serveSystem(app, { name, contracts, remotes, descriptions, health });
  return app;
}
