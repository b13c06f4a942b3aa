import type { Config } from '../../platform/config/config.ts';
import type { Rebuilt } from '../../services/analytics/analytics.contract.ts';
import type { Comparison, FigureCheck } from '../../services/analytics/check/analytics.check.contract.ts';
import { type Connection, connectApiClient } from '../api-client.ts';
import type { Output } from '../output/output.ts';
import { plainText } from '../output/plain.ts';

/** `tradepost analytics check`: ends with 1 when something differs. */
export async function checkFiguresCommand(config: Config, options: Connection, output: Output): Promise<void> {
  const system = await connectApiClient(config, options);
  output.progress('Comparing the figures with their services …');
  const check = await system.ask<FigureCheck>('GET', '/stats/check');
  output.result(check, () => checkText(check));
  if (!check.agrees) process.exitCode = 1;
}

/** `tradepost analytics rebuild`. */
export async function rebuildFiguresCommand(config: Config, options: Connection, output: Output): Promise<void> {
  const system = await connectApiClient(config, options);
  output.progress('Rebuilding the figures …');
  const rebuilt = await system.ask<Rebuilt>('POST', '/stats/rebuild');
  const { events, figures, mended } = rebuilt;
  const outcome = mended === 0 ? 'all are what they were' : `${mended} had said something else before`;
  output.done(rebuilt, () => `${figures} figures from ${events} events; ${outcome}.`);
}

/** The result of a check, a line for each difference. Amounts are decimals, as in the API. */
export function checkText({ comparisons, ledger }: FigureCheck): string {
  const lines = comparisons.flatMap((one) => [verdict(one), ...one.differences.map(difference)]);
  for (const one of ledger) {
    lines.push(
      `ledger ${one.currency}: paid ${one.ledger_paid}, counted ${one.counted_paid}; ` +
        `refunded ${one.ledger_refunded}, counted ${one.counted_refunded}`,
    );
  }
  return lines.length === 0 ? 'There is nothing to compare with.' : lines.map(plainText).join('\n');
}

function verdict({ of, agrees, compared, differences, on_their_way, complete }: Comparison): string {
  const found = agrees ? 'agree' : `${complete ? '' : 'at least '}${differences.length} differ`;
  return `${of}: ${compared}, ${found}${on_their_way === 0 ? '' : `; ${on_their_way} on their way`}`;
}

function difference({ id, owner, counted }: Comparison['differences'][number]): string {
  return `  ${id}: ${statusText(owner) ?? 'not there'}, counted ${statusText(counted) ?? 'as nothing'}`;
}

const statusText = (one: Comparison['differences'][number]['owner']): string | undefined =>
  one ? `${one.status} ${one.amount} ${one.currency}${one.paid === undefined ? '' : `, paid ${one.paid}`}` : undefined;
