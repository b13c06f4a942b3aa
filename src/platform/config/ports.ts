import { createServer } from 'node:net';
import type { AnyModule } from '../app/module.ts';
import { type Config, ConfigError } from './config.ts';

/** A port that this process listens on. */
export interface ListenAddress {
  readonly port: number;
  /** The setting of the port. */
  readonly setting: string;
  /** The service that it belongs to; at the edge service's port all services of the process answer. */
  readonly service: string;
}

/** Every port of this process: one for everything when the edge service runs here, otherwise one a service. */
export function listenAddresses(modules: readonly AnyModule[], config: Config): ListenAddress[] {
  const here = modules.filter(({ contract }) => config.services.has(contract.name));
  const edge = here.find((module) => module.edge);
  if (edge) return [{ port: config.PORT, setting: 'PORT', service: edge.contract.name }];
  return here.map(({ contract: { name, port } }) => {
    return { port: config.of(name).PORT ?? port, setting: `${name.toUpperCase()}_PORT`, service: name };
  });
}

/** Throws ConfigError when two services of this process would listen at the same port. Call it before a start. */
export function refuseSharedPorts(modules: readonly AnyModule[], config: Config): void {
  const fixed = listenAddresses(modules, config).filter(isFixed);
  const faults = [...Map.groupBy(fixed, ({ port }) => port)].flatMap(([port, addresses]) => {
    if (addresses.length < 2) return [];
    const [names, settings] = [addresses.map(({ service }) => service), addresses.map(({ setting }) => setting)];
    return [
      `${names.join(' and ')} would listen at the same port ${port}; give each its own with ${settings.join(' and ')}.`,
    ];
  });
  if (faults.length > 0) throw new ConfigError(faults);
}

/**
 * Throws the system's error of a port that cannot be listened on, with its setting, or an AggregateError of several.
 * Call it before a start, so that a start that must fail creates no database.
 */
export async function refuseTakenPorts(modules: readonly AnyModule[], config: Config): Promise<void> {
  const addresses = listenAddresses(modules, config).filter(isFixed);
  const results = await Promise.all(
    addresses.map(async (address) => withSetting(await listenFault(address, config.HOST), address)),
  );
  const faults = results.filter((fault) => fault !== undefined);
  if (faults.length > 1) throw new AggregateError(faults);
  if (faults[0]) throw faults[0];
}

/** Why a port cannot be listened on; undefined when it can. */
export function listenFault({ port }: Pick<ListenAddress, 'port'>, host: string): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', resolve);
    server.listen({ port, host }, () => server.close(() => resolve(undefined)));
  });
}

/** The same error, with the setting of the port. */
export function withSetting<E>(error: E, { setting }: Pick<ListenAddress, 'setting'>): E {
  if (error instanceof Error) Object.assign(error, { setting });
  return error;
}

// 0 means any free port.
const isFixed = ({ port }: ListenAddress): boolean => port !== 0;
