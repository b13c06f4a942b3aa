import { container } from '../container.ts';
import { modulesOf } from '../platform/app.ts';
import type { Config } from '../platform/config.ts';
import { schemaOf } from '../platform/db/store.ts';

/** `tradepost topology`: where each service is and on what it stands, from the configuration alone. */
export function topologyCommand(config: Config, { json }: { json?: boolean }): void {
  const rows = modulesOf(container).map(({ contract: { name, port }, stores }) => {
    const here = config.services.has(name);
    const { URL: url, PORT: own, DATABASE_URL: database } = config.of(name);
    const alone = config.services.has('gateway') ? config.PORT : (own ?? port);
    const store = database ?? config.databaseUrl;
    return {
      service: name,
      where: here ? `this process, port ${alone}` : (url ?? `http://127.0.0.1:${port}`),
      store: here && stores ? `${store ? new URL(store).host : 'embedded'}, schema ${schemaOf(name)}` : '',
    };
  });
  if (json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
  else for (const row of rows) process.stdout.write(`${row.service.padEnd(14)}${row.where.padEnd(32)}${row.store}\n`);
}
