import { main } from '../../main.ts';
import type { Config } from '../../platform/config/config.ts';
import { createLog } from '../../platform/observability/log.ts';
import { box } from '../banner.ts';
import type { Output } from '../output/output.ts';

/** `tradepost start`: starts, prints where everything is, and runs until a signal. */
export async function startCommand(config: Config, { json, quiet }: Pick<Output, 'json' | 'quiet'>): Promise<void> {
  // What reads the addresses gets nothing else.
  const log = createLog(config, json ? 'stderr' : 'stdout');
  const person = process.stderr.isTTY === true && !json && !quiet;
  const running = await main(config, log, (text) => {
    if (person) process.stderr.write(`  ${text}\n`);
    else log.info(text);
  });
  if (json) process.stdout.write(`${JSON.stringify({ urls: running.urls, pid: process.pid })}\n`);
  else if (!quiet) process.stdout.write(box(config, running.urls));
}
