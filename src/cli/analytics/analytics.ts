import { type Command, Option } from 'commander';
import { Exported, Format, Interval } from '../../services/analytics/analytics.contract.ts';
import type { Connection } from '../api-client.ts';
import { connected } from '../connected.ts';
import type { CommandContext } from '../context.ts';
import { addCommandHelp } from '../help.ts';
import type { ExportOptions } from './analytics.export.ts';

/** `tradepost analytics`: compares the figures with their services, rebuilds them, and exports them as files. */
export function addAnalyticsCommands(program: Command, { configuration, output }: CommandContext): void {
  const actions = () => import('./analytics.actions.ts');
  const analytics = program
    .command('analytics')
    .description('compare the figures with their services, rebuild them, or export them as a file');
  const check = connected(analytics.command('check'))
    .description('compare the figures with orders, invoices, transactions and the ledger')
    .action(async (options: Connection) => (await actions()).checkFiguresCommand(configuration(), options, output));
  addCommandHelp(check, { examples: ['tradepost analytics check'], exits: { 0: 'they agree', 1: 'they differ' } });
  const rebuild = connected(analytics.command('rebuild'))
    .description('rebuild every figure from the event log; for admins')
    .action(async (options: Connection) => (await actions()).rebuildFiguresCommand(configuration(), options, output));
  addCommandHelp(rebuild, { examples: ['tradepost analytics rebuild'] });
  const exported = connected(analytics.command('export'))
    .description('export figures; to the output, or with --out to a file')
    .addOption(new Option('--what <figures>', 'which figures').choices(Exported.enum).makeOptionMandatory())
    .addOption(new Option('--format <format>', 'the format').choices(Format.enum).default('csv'))
    .option(
      '--from <time>',
      'a day such as 2026-11-21, or a time of RFC 3339 (default: 30 days back, or what suits the interval)',
    )
    .option('--to <time>', 'likewise, not included (default: now)')
    .option('--currency <code>', 'of the amounts (default: that of the shop)')
    .addOption(new Option('--interval <interval>', 'of a time series (default: day)').choices(Interval.enum))
    .option('--out <file>', 'the file to write; an existing one is replaced')
    .action(async (options: ExportOptions) =>
      (await import('./analytics.export.ts')).exportFigures(configuration(), options, { output }),
    );
  addCommandHelp(exported, {
    examples: [
      'tradepost analytics export --what revenue --from 2026-01-01 --to 2026-04-01 > revenue.csv',
      'tradepost analytics export --what top-products --format parquet --out top.parquet --json',
    ],
    more: 'With --json, which needs --out, the document describes the written file.',
  });
}
