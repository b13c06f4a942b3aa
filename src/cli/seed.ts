import { container } from '../container.ts';
import { start } from '../platform/app.ts';
import type { Config } from '../platform/config.ts';
import { systemCtx } from '../platform/ctx.ts';
import { createLog } from '../platform/log.ts';

/** `tradepost seed`: what the start does to an empty catalogue, without serving requests afterwards. */
export async function seedCommand(config: Config): Promise<void> {
  const running = await start({
    config: { ...config, SAMPLE_DATA: 'on', PORT: 0, services: new Set([...config.services, 'product']) },
    container,
    log: createLog({ ...config, LOG_LEVEL: 'warn' }),
  });
  const { items, next } = await running.services.product.list(systemCtx(), { limit: 200 });
  await running.close();
  process.stdout.write(`The catalogue holds ${next ? 'more than ' : ''}${items.length} products.\n`);
}
