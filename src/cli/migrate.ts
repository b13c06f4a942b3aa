import { container } from '../container.ts';
import { modulesOf } from '../platform/app.ts';
import type { Config } from '../platform/config.ts';
import { migrateServices, plannedMigrations } from '../platform/db/module-migrations.ts';
import { takeoverNotes, takeoverText } from '../platform/db/takeover.ts';
import { createEngines, keepersOf } from '../platform/engines.ts';
import { createLog } from '../platform/log.ts';

/** `tradepost migrate`: runs what has not run, or with --plan says what would. */
export async function migrateCommand(config: Config, { plan }: { plan?: boolean }): Promise<void> {
  const log = createLog({ ...config, LOG_LEVEL: 'warn' });
  const modules = modulesOf(container);
  const keepers = keepersOf(modules, config);
  const engines = await createEngines({ config, log, modules, progress: (text) => process.stderr.write(`${text}\n`) });
  try {
    const names = plan
      ? await plannedMigrations(keepers, engines)
      : await migrateServices(keepers, engines, { config, log });
    const verb = plan ? 'would run' : 'ran';
    const text = names.length === 0 ? 'Nothing to migrate.\n' : names.map((name) => `${verb} ${name}\n`).join('');
    process.stdout.write(text);
    if (plan) return;
    for (const note of await takeoverNotes(keepers, engines))
      process.stdout.write(`taken over: ${takeoverText(note)}\n`);
  } finally {
    await engines.close();
  }
}
