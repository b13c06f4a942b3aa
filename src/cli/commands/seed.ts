import { container } from '../../container.ts';
import { start } from '../../platform/app/app.ts';
import type { Config } from '../../platform/config/config.ts';
import { systemCtx } from '../../platform/contract/ctx.ts';
import { createLog } from '../../platform/observability/log.ts';
import type { Output } from '../output/output.ts';

/** `tradepost seed`: adds the sample products to an empty catalogue as a start does, and stops. */
export async function seedCommand(config: Config, output: Output): Promise<void> {
  const running = await start({
    config: { ...config.with({ SAMPLE_DATA: 'on', PORT: '0' }), services: new Set([...config.services, 'product']) },
    container,
    log: createLog({ ...config, LOG_LEVEL: 'warn' }, 'stderr'),
    progress: output.progress,
  });
  try {
    const { items, next } = await running.services.product.list(systemCtx(), { limit: 200 });
    const more = next !== undefined && next !== null;
    output.done(
      { products: items.length, more },
      () => `The catalogue holds ${more ? 'more than ' : ''}${items.length} products.`,
    );
  } finally {
    await running.close();
  }
}
