import { container } from '../../container.ts';
import { modulesOf } from '../../platform/app/app.ts';
import { locationOf } from '../../platform/app/engines.ts';
import type { AnyModule } from '../../platform/app/module.ts';
import type { Config } from '../../platform/config/config.ts';
import type { Output } from '../output/output.ts';
import { textTable } from '../output/table.ts';

/** `tradepost topology`: the address and the store of each service, from the configuration alone. */
export function topologyCommand(config: Config, output: Output): void {
  const rows = topologyOf(config);
  output.result(rows, () =>
    textTable(
      ['service', 'where', 'store'],
      rows.map(({ service, where, store }) => [service, where, store]),
      { width: output.columns },
    ),
  );
}

interface Row {
  readonly service: string;
  readonly where: string;
  readonly store: string;
}

/** Every service, in the order of the container. */
export function topologyOf(config: Config): Row[] {
  return modulesOf(container).map((module) => {
    const { name, port } = module.contract;
    const here = config.services.has(name);
    const { URL: url, PORT: own } = config.of(name);
    const alone = config.services.has('gateway') ? config.PORT : (own ?? port);
    return {
      service: name,
      where: here ? `this process, port ${alone}` : (url ?? `http://127.0.0.1:${port}`),
      store: here ? storeOf(module, config) : '',
    };
  });
}

function storeOf(module: AnyModule, config: Config): string {
  const location = locationOf(module, config);
  return location ? `${location.place}, ${location.part}` : '';
}
