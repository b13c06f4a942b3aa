import type { Config } from '../../platform/config/config.ts';
import { openEndpoints } from '../../platform/db/transfer/open.ts';
import { createLog } from '../../platform/observability/log.ts';
import { confirm } from '../confirm.ts';
import type { Output } from '../output/output.ts';
import { type Store, selectedModules, throwCliError } from './db-copy.actions.ts';

export interface ReleaseOptions {
  readonly on: Store;
  readonly only?: string;
  readonly yes?: boolean;
}

/** `tradepost db release`: allows starts on a store again that services were copied away from. Throws CliError without a yes. */
export async function releaseCommand(config: Config, { on, only, yes }: ReleaseOptions, output: Output): Promise<void> {
  const modules = selectedModules(config, only);
  const log = createLog({ ...config, LOG_LEVEL: 'warn' }, 'stderr');
  const endpoints = await openEndpoints([on], { config, log, modules, progress: output.progress }).catch(throwCliError);
  try {
    const endpoint = endpoints.endpoint(on);
    const moved = [];
    for (const { contract } of modules) {
      const status = await endpoint.status(contract.name);
      if (status.moved) moved.push(status.moved);
    }
    const released = moved.map(({ service }) => service);
    const [first] = moved;
    if (!first) {
      output.done({ on, released }, () => 'Nothing has moved from there, so there is nothing to release.');
      return;
    }
    const names = released.join(', ');
    const where = endpoint.where(first.service);
    if (!yes) {
      await confirm(
        `${names} went from ${where} to ${first.target} on ${first.at}. What was done there since is not here, and the copy cannot come back here without being refused. Should both be started, they are two shops that share payments and parcels: empty the other one. Start on what is here again?`,
      );
    }
    await endpoint.release(released);
    const after = `${names}: released. ${where} can be started on again; never start on ${first.target} beside it.`;
    output.done({ on, released }, () => after);
  } finally {
    await endpoints.close();
  }
}
