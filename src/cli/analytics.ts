import { type Command, Option } from 'commander';
import type { Config } from '../platform/config.ts';
import { Exported, Format, Interval } from '../services/analytics/analytics.contract.ts';
import type { AnalyticsOptions } from './analytics.actions.ts';
import type { ExportOptions } from './analytics.export.ts';
import { connected } from './dead-letters.ts';

/** `tradepost analytics`: whether the figures agree with their owners, how to make them anew, and as files. */
export function addAnalyticsCommands(program: Command, configuration: () => Config): void {
  const actions = () => import('./analytics.actions.ts');
  const analytics = program
    .command('analytics')
    .description('compare the figures with what their owners have, make them anew, or take them away as a file');
  connected(analytics.command('check'))
    .description('compare the figures with orders, invoices, transactions and the ledger; ends with 1 when they differ')
    .action(async (options: AnalyticsOptions) => (await actions()).checkFigures(configuration(), options));
  connected(analytics.command('rebuild'))
    .description('make every figure anew from the log of the events; for admins')
    .action(async (options: AnalyticsOptions) => (await actions()).rebuildFigures(configuration(), options));
  connected(analytics.command('export'))
    .description('take figures away as a file; to the output, or with --out to a file')
    .addOption(new Option('--what <figures>', 'which ones').choices(Exported.enum).makeOptionMandatory())
    .addOption(new Option('--format <format>', 'as what').choices(Format.enum).default('csv'))
    .option(
      '--from <time>',
      'a day such as 2026-11-21, or a time of RFC 3339 (default: 30 days back, or what suits the interval)',
    )
    .option('--to <time>', 'likewise, not included (default: now)')
    .option('--currency <code>', 'of the amounts (default: that of the shop)')
    .addOption(new Option('--interval <interval>', 'of a time series (default: day)').choices(Interval.enum))
    .option('--out <file>', 'the file to write; one that is there is replaced')
    .action(async (options: ExportOptions) =>
      (await import('./analytics.export.ts')).exportFigures(configuration(), options),
    );
}
