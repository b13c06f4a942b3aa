import type { Command } from 'commander';
import type { Config } from '../platform/config.ts';
import type { AnalyticsOptions } from './analytics.actions.ts';
import { connected } from './dead-letters.ts';

/** `tradepost analytics`: whether the figures agree with their owners, and how to make them anew. */
export function addAnalyticsCommands(program: Command, configuration: () => Config): void {
  const actions = () => import('./analytics.actions.ts');
  const analytics = program
    .command('analytics')
    .description('compare the figures with what their owners have, or make them anew');
  connected(analytics.command('check'))
    .description('compare the figures with orders, invoices, transactions and the ledger; ends with 1 when they differ')
    .action(async (options: AnalyticsOptions) => (await actions()).checkFigures(configuration(), options));
  connected(analytics.command('rebuild'))
    .description('make every figure anew from the log of the events; for admins')
    .action(async (options: AnalyticsOptions) => (await actions()).rebuildFigures(configuration(), options));
}
