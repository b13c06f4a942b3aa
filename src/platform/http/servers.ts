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

/** Opens the servers of this process. When one cannot listen, those that already do are closed again. */
export async function listen(parts: HttpOptions): Promise<Servers> {
  const urls: Record<string, string> = {};
  const servers: FastifyInstance[] = [];
  const unregister: (() => void)[] = [];
  const drain = async (): Promise<void> => {
    for (const hide of unregister) hide();
    await Promise.all(servers.map((server) => server.close()));
  };
  try {
    for (const spec of serverSpecs(parts)) {
      const health = serverHealth({ ...spec, name: spec.service, services: namesOf(spec), sources: parts.health });
      const app = serve(spec, parts, health);
      unregister.push(exposeHealth(spec.service, health.whole));
      servers.push(app);
      const url = await app.listen({ host: parts.config.HOST, port: spec.port }).catch((error: unknown) => {
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

function serve(
  { service: name, services, remotes }: ServerSpec,
  { descriptions, http }: HttpOptions,
  health: ServerHealth,
): FastifyInstance {
  const app = createServer(http.log);
  for (const { module, api, own } of services) {
    mount(app, module.contract, api as never, http);
    module.routes?.({ app, service: own, identify: identifier(module.contract.name, http), remotes });
  }
  const contracts = services.map(({ module }) => module.contract);
  serveSystem(app, { name, contracts, remotes, descriptions, health });
  return app;
}
