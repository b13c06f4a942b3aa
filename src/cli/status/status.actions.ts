import type { Config } from '../../platform/config/config.ts';
import { type Connection, loginFor } from '../api-client.ts';
import type { Output } from '../output/output.ts';
import { plainText } from '../output/plain.ts';
import { lookAround, type Sight } from './look.ts';
import { statusSummary, summaryText } from './summary.ts';

const EXITS = { ok: 0, degraded: 1, down: 1, not_running: 2 };

/** `tradepost status`: ends with 1 when something is wrong, and with 2 when nothing runs. */
export async function statusCommand(config: Config, options: Connection, output: Output): Promise<void> {
  const sight = await lookAround(config, options);
  const summary = statusSummary(sight);
  process.exitCode = EXITS[summary.condition];
  const hint = summary.condition === 'not_running' || output.quiet ? undefined : hintFor(sight, config);
  output.result(summary, () => summaryText(summary, { width: output.columns, paint: output.paint, hint }));
}

function hintFor({ letters, refusal, doors }: Sight, config: Config): string | undefined {
  if (refusal !== undefined) return plainText(`What is for the staff is not shown: ${refusal}`);
  if (letters) return undefined;
  const login = loginFor(doors[0]?.url ?? '', config);
  return `With a sign-in of the staff (\`${login}\`) it also tells the dead letters and, where they are not public, the engines.`;
}
