import type { Config } from '../../platform/config/config.ts';
import { type Connection, loginFor } from '../api-client.ts';
import { clickhouseFacts, databaseFacts } from '../doctor/gather/servers.ts';
import type { Output } from '../output/output.ts';
import { plainText } from '../output/plain.ts';
import { statusSummary, summaryText } from './summary.ts';
import { readSystemStatus, type SystemStatus } from './system-status.ts';

const EXITS = { ok: 0, degraded: 1, down: 1, not_running: 2 };

/** `tradepost status`: ends with 1 when something is wrong, and with 2 when nothing runs. */
export async function statusCommand(config: Config, options: Connection, output: Output): Promise<void> {
  const sight = await readSystemStatus(config, options);
  const seen = statusSummary(sight);
  // What was refused at its start does not run, and the reason may be that it moved.
  const moved = seen.condition === 'not_running' && options.url === undefined ? await movedFrom(config) : [];
  const summary = { ...seen, problems: [...seen.problems, ...moved] };
  process.exitCode = EXITS[summary.condition];
  const hint = summary.condition === 'not_running' || output.quiet ? undefined : hintFor(sight, config);
  output.result(summary, () => summaryText(summary, { width: output.columns, paint: output.paint, hint }));
}

async function movedFrom(config: Config): Promise<readonly string[]> {
  const stores = await Promise.all([databaseFacts(config), clickhouseFacts(config)]);
  return stores.flatMap((one) => ('found' in one && !('failure' in one.found) ? (one.found.moved ?? []) : []));
}

function hintFor({ letters, refusal, doors }: SystemStatus, config: Config): string | undefined {
  if (refusal !== undefined) return plainText(`What is for the staff is not shown: ${refusal}`);
  if (letters) return undefined;
  const login = loginFor(doors[0]?.url ?? '', config);
  return `With a sign-in of the staff (\`${login}\`) it also tells the dead letters and, where they are not public, the engines.`;
}
