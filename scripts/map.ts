import { container } from '../src/container.ts';
import type { AnyModule, Wire } from '../src/platform/app/module.ts';

/** One line of the container: a module, and the services that it calls. */
export interface Wired {
  readonly module: AnyModule;
  readonly peers: readonly string[];
}

/** The lines of the container, in their order, read by wiring nothing. */
export function wiredServices(): Wired[] {
  const lines: Wired[] = [];
  const names = new Map<object, string>();
  const record = (module: AnyModule, peers: Record<string, object>): object => {
    const api = {};
    names.set(api, module.contract.name);
    lines.push({ module, peers: Object.values(peers).map((peer) => names.get(peer) ?? '?') });
    return api;
  };
  container(record as unknown as Wire);
  return lines;
}
