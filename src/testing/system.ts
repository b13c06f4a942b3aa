import { container } from '../container.ts';
import { knownServices, modulesOf, type RunningSystem, type StartOptions, start } from '../platform/app/app.ts';
import { readConfig } from '../platform/config/config.ts';
import type { Contract } from '../platform/contract/contract.ts';
import { createLog } from '../platform/observability/log.ts';
import { WORLD_SETTINGS } from './world.ts';

/** The contract of every service there is: what tests that hold for all of them are made from. */
export const contracts: readonly Contract[] = modulesOf(container).map(({ contract }) => contract);

/** The whole system in this process on a given database, with its services at hand. */
export function startSystem(
  databaseUrl: string,
  more: Readonly<Record<string, string>> = {},
  { aroundBus }: Pick<StartOptions, 'aroundBus'> = {},
): Promise<RunningSystem<ReturnType<typeof container>>> {
  const env = { ...WORLD_SETTINGS, DATABASE_URL: databaseUrl, ...more };
  const config = readConfig(env, knownServices(container));
  return start({ config, container, log: createLog(config), aroundBus });
}
