import { container } from '../../container.ts';
import { modulesOf, type Running, type StartOptions, start } from '../app.ts';
import { readConfig } from '../config.ts';
import type { Contract } from '../contract.ts';
import { createLog } from '../log.ts';
import { SETTINGS } from './world.ts';

/** The contract of every service there is: what tests that hold for all of them are made from. */
export const contracts: readonly Contract[] = modulesOf(container).map(({ contract }) => contract);

/** The whole system in this process on a given database, with its services at hand. */
export function startSystem(
  databaseUrl: string,
  more: Readonly<Record<string, string>> = {},
  { aroundBus }: Pick<StartOptions, 'aroundBus'> = {},
): Promise<Running<ReturnType<typeof container>>> {
  const env = { ...SETTINGS, DATABASE_URL: databaseUrl, ...more };
  const config = readConfig(
    env,
    contracts.map(({ name }) => name),
  );
  return start({ config, container, log: createLog(config), aroundBus });
}
