import { container } from '../../container.ts';
import { main } from '../../main.ts';
import { modulesOf } from '../../platform/app/app.ts';
import { placesOf } from '../../platform/app/engines.ts';
import type { Config } from '../../platform/config/config.ts';
import { systemCtx } from '../../platform/contract/ctx.ts';
import { createLog } from '../../platform/observability/log.ts';
import { banner } from '../banner.ts';
import type { Output } from '../output/output.ts';
import { stepsInLog, stepsOnTerminal } from '../output/steps.ts';

/** `tradepost start`: starts, prints the addresses, and runs until a signal. */
export async function startCommand(config: Config, { json, quiet }: Pick<Output, 'json' | 'quiet'>): Promise<void> {
  // With --json standard output has only the addresses.
  const log = createLog(config, json ? 'stderr' : 'stdout');
  const isInteractive = process.stderr.isTTY === true && !json && !quiet;
  const steps = isInteractive ? stepsOnTerminal(process.stderr) : stepsInLog(log);
  const running = await main(config, log, { steps, progress: steps.progress }).catch((error: unknown) => {
    steps.fail();
    throw error;
  });
  steps.end();
  if (json) process.stdout.write(`${JSON.stringify({ urls: running.urls, pid: process.pid })}\n`);
  else if (!quiet) {
    const places = placesOf(modulesOf(container), config);
    const founder = await founderOf(running.services);
    process.stdout.write(banner({ config, places, urls: running.urls, founder }));
  }
}

type Services = Awaited<ReturnType<typeof main>>['services'];

/** The username of the first account; undefined when there is none, or when the user service does not answer. */
async function founderOf({ user }: Services): Promise<string | undefined> {
  const { items } = await user.list(systemCtx(), { limit: 1 }).catch(() => ({ items: [] }));
  return items[0]?.username;
}
