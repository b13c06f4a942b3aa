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
  const status = await readSystemStatus(config, options);
  const observed = statusSummary(status);
  // When nothing runs, a start may have been refused because the store was copied away.
  const moved = observed.condition === 'not_running' && options.url === undefined ? await movedFrom(config) : [];
  const summary = { ...observed, problems: [...observed.problems, ...moved] };
  process.exitCode = EXITS[summary.condition];
  const hint = summary.condition === 'not_running' || output.quiet ? undefined : hintFor(status, config);
  output.result(summary, () => summaryText(summary, { width: output.columns, paint: output.paint, hint }));
}

async function movedFrom(config: Config): Promise<readonly string[]> {
  const stores = await Promise.all([databaseFacts(config), clickhouseFacts(config)]);
  return stores.flatMap((one) => ('found' in one && !('failure' in one.found) ? (one.found.moved ?? []) : []));
}

function hintFor({ deadLetters, refusal, servers }: SystemStatus, config: Config): string | undefined {
  if (refusal !== undefined) return plainText(`Information for the staff is not shown: ${refusal}`);
  if (deadLetters) return undefined;
  const login = loginFor(servers[0]?.url ?? '', config);
  return `After a sign-in of the staff (\`${login}\`) it also shows the dead letters and, where they are not public, the engines.`;
}
