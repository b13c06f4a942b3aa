import { container } from '../../container.ts';
import { modulesOf } from '../../platform/app/app.ts';
import { createEngines, migrateAll } from '../../platform/app/engines.ts';
import type { Config } from '../../platform/config/config.ts';
import { createLog } from '../../platform/observability/log.ts';
import type { Output } from '../output/output.ts';

/** `tradepost migrate`: runs the pending migrations, or with --plan lists them. */
export async function migrateCommand(config: Config, { plan }: { plan?: boolean }, output: Output): Promise<void> {
  const log = createLog({ ...config, LOG_LEVEL: 'warn' }, 'stderr');
  const modules = modulesOf(container);
  const engines = await createEngines({ config, log, modules, progress: output.progress });
  try {
    for (const engine of engines.all) await engine.refuseUnfinished(!plan);
    if (plan) {
      const would_run = (await Promise.all(engines.all.map((engine) => engine.pendingMigrations()))).flat();
      output.result({ would_run }, () => linesOf('would run', would_run));
      return;
    }
    const ran = await migrateAll(engines, config);
    const taken_over = (await Promise.all(engines.all.map((engine) => engine.legacyImports()))).flat();
    output.done({ ran, taken_over }, () =>
      [linesOf('ran', ran), ...taken_over.map((text) => `taken over: ${text}`)].join('\n'),
    );
  } finally {
    await engines.close();
  }
}

function linesOf(verb: string, names: readonly string[]): string {
  return names.length === 0 ? 'Nothing to migrate.' : names.map((name) => `${verb} ${name}`).join('\n');
}
