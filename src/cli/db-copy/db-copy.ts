import { type Command, Option } from 'commander';
import type { CommandContext } from '../context.ts';
import { addCommandHelp } from '../help.ts';
import type { CopyOptions } from './db-copy.actions.ts';

const STORES = ['postgres', 'clickhouse'];

const MORE = `Both stores are named by the settings of a start: POSTGRES_… or DATABASE_URL (else the one embedded under DATA_DIR),
and CLICKHOUSE_HOST … (else chDB under DATA_DIR). Stop every process of the system first. The target must be empty;
its tables are made. An interrupted copy goes on when the same command is given again. At the end both sides are read
again and compared; a difference is named. The source stays as it is.`;

/** `tradepost db`: moving what services keep from one store to the other. */
export function addDatabaseCommands(program: Command, { configuration, output }: CommandContext): void {
  const db = program.command('db').description('move what services keep from one store to the other');
  const copy = db
    .command('copy')
    .description('copy all that user, product, order, invoice and analytics keep, and compare the copy with its source')
    .addOption(new Option('--from <store>', 'where it is').choices(STORES).makeOptionMandatory())
    .addOption(new Option('--to <store>', 'where it is to go').choices(STORES).makeOptionMandatory())
    .option('--only <services>', 'only these, such as order,invoice')
    .option('--dry-run', 'only say what would be copied')
    .action(async (options: CopyOptions) =>
      (await import('./db-copy.actions.ts')).copyCommand(configuration(), options, output),
    );
  addCommandHelp(copy, {
    examples: [
      'tradepost db copy --from postgres --to clickhouse --dry-run',
      'DB_DRIVER=postgres DATABASE_URL=postgresql://… tradepost db copy --from postgres --to clickhouse',
      'tradepost db copy --from clickhouse --to postgres --only order,invoice',
    ],
    exits: { 0: 'the copy is there and is what its source is', 1: 'it is not' },
    more: MORE,
  });
}
