import { container } from '../../container.ts';
import { modulesOf } from '../../platform/app/app.ts';
import { arm } from '../../platform/app/failpoint.ts';
import { type AnyModule, copiedTables } from '../../platform/app/module.ts';
import type { Config } from '../../platform/config/config.ts';
import { EngineMissing } from '../../platform/db/clickhouse/chdb.ts';
import { CopyRefused, planCopy, runCopy } from '../../platform/db/transfer/copy.ts';
import { type CopyEndpoints, openEndpoints } from '../../platform/db/transfer/open.ts';
import { createLog } from '../../platform/observability/log.ts';
import { CliError } from '../cli-error.ts';
import type { Output } from '../output/output.ts';
import { emptiedFirst, outcomeTable, planTable } from './db-copy.print.ts';
import { showProgress } from './db-copy.progress.ts';

export type Store = 'postgres' | 'clickhouse';

export interface CopyOptions {
  readonly from: Store;
  readonly to: Store;
  readonly only?: string;
  readonly dryRun?: boolean;
}

/** `tradepost db copy`: ends with 1 when the copy differs from its source. */
export async function copyCommand(config: Config, options: CopyOptions, output: Output): Promise<void> {
  const { from, to } = options;
  if (from === to) throw new CliError(`--from and --to are both ${from}; a copy goes from one store to the other.`);
  const modules = selectedModules(config, options.only);
  arm(config.FAILPOINT);
  const log = createLog({ ...config, LOG_LEVEL: 'warn' }, 'stderr');
  const asked = { config, log, modules, progress: output.progress };
  const endpoints = await openEndpoints([from, to], asked).catch(throwCliError);
  try {
    await copyBetween(endpoints, modules, options, output).catch(throwCliError);
  } finally {
    await endpoints.close();
  }
}

/** The services of --only, or all that can be copied. Throws CliError for an unknown one. */
export function selectedModules(config: Config, only: string | undefined): AnyModule[] {
  const movable = modulesOf(container).filter(
    ({ contract, stores }) => copiedTables(stores) !== undefined && config.services.has(contract.name),
  );
  const names = movable.map(({ contract }) => contract.name);
  const wanted = only?.split(',').map((name) => name.trim()) ?? names;
  const unknown = wanted.filter((name) => !names.includes(name));
  if (unknown.length > 0 || wanted.length === 0) {
    throw new CliError(`--only takes a list of ${names.join(', ')}, not '${only ?? ''}'.`);
  }
  return movable.filter(({ contract }) => wanted.includes(contract.name));
}

async function copyBetween(
  endpoints: CopyEndpoints,
  modules: readonly AnyModule[],
  { from, to, dryRun }: CopyOptions,
  output: Output,
): Promise<void> {
  const services = modules.map(({ contract }) => contract.name);
  const plan = await planCopy(endpoints.endpoint(from), endpoints.endpoint(to), services);
  if (dryRun) {
    const tables = plan.tables.map(({ service, table, rows, progress }) => ({
      service,
      table,
      rows,
      copied: progress.rows,
    }));
    output.result({ from, to, resumed: plan.resumed, emptied: plan.emptied, tables }, () => planTable(plan));
    return;
  }
  if (plan.resumed) output.note('An earlier copy was interrupted; this one goes on with it.');
  if (plan.emptied.length > 0) output.note(emptiedFirst(plan));
  // A copy may take hours, so progress is also written when standard error is a file.
  const progress = showProgress(plan.tables, output.quiet ? NOWHERE : process.stderr);
  const outcomes = await runCopy(plan, progress.rows).finally(progress.end);
  const same = outcomes.every((one) => one.same);
  if (!same) process.exitCode = 1;
  const what = () =>
    [outcomeTable(outcomes), same ? nextStep({ from, to }, services, modulesOf(container)) : NOT_SAME].join('\n');
  if (same) output.done({ from, to, same, tables: outcomes }, what);
  else output.result({ from, to, same, tables: outcomes }, what);
}

const NOWHERE = { write: () => true };

const NOT_SAME = 'The copy differs from its source. Do not start on it: empty the target, and copy again.';

function nextStep(
  { from, to }: Pick<CopyOptions, 'from' | 'to'>,
  services: readonly string[],
  all: readonly AnyModule[],
): string {
  const whole = all.every(({ contract, stores }) => !copiedTables(stores) || services.includes(contract.name));
  const settings = whole
    ? `DB_DRIVER=${to} (or embedded, where PostgreSQL is)`
    : services.map((name) => `${name.toUpperCase()}_DB_DRIVER=${to}`).join(' ');
  const setting = to === 'clickhouse' && whole ? 'DB_DRIVER=clickhouse' : settings;
  return `The copy is complete. Start the system with ${setting}. The source is unchanged, and a start on it is refused; \`tradepost db release --on ${from}\` allows it again and gives the copy up.`;
}

/** Throws a fault that the user can correct as a CliError, any other unchanged. */
export function throwCliError(error: unknown): never {
  if (error instanceof CopyRefused || error instanceof EngineMissing) throw new CliError(error.message);
  throw error;
}
