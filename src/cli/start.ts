import { main } from '../main.ts';
import type { Config } from '../platform/config.ts';
import { createLog } from '../platform/log.ts';
import { box } from './box.ts';

/** `tradepost start`: starts, prints where everything is, and runs until a signal. */
export async function startCommand(config: Config, { json }: { json?: boolean }): Promise<void> {
  const log = createLog(config);
  const person = process.stderr.isTTY === true;
  const running = await main(config, log, (text) => {
    if (person) process.stderr.write(`  ${text}\n`);
    else log.info(text);
  });
  process.stdout.write(
    json ? `${JSON.stringify({ urls: running.urls, pid: process.pid })}\n` : box(config, running.urls),
  );
}
