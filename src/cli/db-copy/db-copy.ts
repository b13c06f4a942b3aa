import { type Command, Option } from 'commander';
import type { CommandContext } from '../context.ts';
import { addCommandHelp } from '../help.ts';
import type { CopyOptions } from './db-copy.actions.ts';
import type { ReleaseOptions } from './db-release.actions.ts';

const STORES = ['postgres', 'clickhouse'];

const MORE = `Both stores are named by the settings of a start: POSTGRES_… or DATABASE_URL (else the one embedded under DATA_DIR),
and CLICKHOUSE_HOST … (else chDB under DATA_DIR). Stop every process of the system first. The target must be empty;
its tables are made. An interrupted copy is resumed by the same command. At the end both stores are read again and
compared; a difference is named. The source is unchanged and records the target: a start on it is refused. A copy back
to the first store removes the old rows there first.`;

const MORE_OF_RELEASE = `After a copy the source is out of date, and a start on it is refused. This command allows it again, in the state of the
copy: later changes in the target are not in it. If both are started, they are two shops that share payments and parcels.
The command asks for confirmation; without a terminal, --yes must be given. Stop every process of the system first.`;

/** `tradepost db`: moves the data of services from one store to the other. */
export function addDatabaseCommands(program: Command, { configuration, output }: CommandContext): void {
  const db = program.command('db').description('move the data of services from one store to the other');
  const copy = db
    .command('copy')
    .description('copy all data of user, product, order, invoice and analytics, and compare the copy with its source')
    .addOption(new Option('--from <store>', 'the source').choices(STORES).makeOptionMandatory())
    .addOption(new Option('--to <store>', 'the target').choices(STORES).makeOptionMandatory())
    .option('--only <services>', 'only these, such as order,invoice')
    .option('--dry-run', 'only print what would be copied')
    .action(async (options: CopyOptions) =>
      (await import('./db-copy.actions.ts')).copyCommand(configuration(), options, output),
    );
  addCommandHelp(copy, {
    examples: [
      'tradepost db copy --from postgres --to clickhouse --dry-run',
      'DB_DRIVER=postgres DATABASE_URL=postgresql://… tradepost db copy --from postgres --to clickhouse',
      'tradepost db copy --from clickhouse --to postgres --only order,invoice',
    ],
    exits: { 0: 'the copy is complete and equals its source', 1: 'it does not' },
    more: MORE,
  });
  const release = db
    .command('release')
    .description('allow starts on the source of a copy again, and give up what was done in the target since')
    .addOption(new Option('--on <store>', 'the store to release').choices(STORES).makeOptionMandatory())
    .option('--only <services>', 'only these, such as order,invoice')
    .option('--yes', 'do not ask for confirmation')
    .action(async (options: ReleaseOptions) =>
      (await import('./db-release.actions.ts')).releaseCommand(configuration(), options, output),
    );
  addCommandHelp(release, {
    examples: ['tradepost db release --on postgres', 'tradepost db release --on clickhouse --only order --yes'],
    more: MORE_OF_RELEASE,
  });
}
