import type { AnyModule } from '../app/module.ts';
import { type Config, ConfigError } from './config.ts';

/**
 * Before anything is started. Throws ConfigError when two services of this process would listen at the same port.
 * With the edge service here there is one server for all, so there is nothing to share.
 */
export function refuseSharedPorts(modules: readonly AnyModule[], config: Config): void {
  const here = modules.filter(({ contract }) => config.services.has(contract.name));
  if (here.some(({ edge }) => edge)) return;
  const services = new Map<number, string[]>();
  for (const { contract } of here) {
    const port = config.of(contract.name).PORT ?? contract.port;
    // 0 is any free one, which differs.
    if (port !== 0) services.set(port, [...(services.get(port) ?? []), contract.name]);
  }
  const faults = [...services].flatMap(([port, names]) =>
    names.length < 2
      ? []
      : [
          `${names.join(' and ')} would listen at the same port ${port}; give each its own with ${names
            .map((name) => `${name.toUpperCase()}_PORT`)
            .join(' and ')}.`,
        ],
  );
  if (faults.length > 0) throw new ConfigError(faults);
}
