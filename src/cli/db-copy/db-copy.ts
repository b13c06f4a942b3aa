import { type Command, Option } from 'commander';
import type { CommandContext } from '../context.ts';
import { addCommandHelp } from '../help.ts';
import type { CopyOptions } from './db-copy.actions.ts';
import type { ReleaseOptions } from './db-release.actions.ts';

const STORES = ['postgres', 'clickhouse'];

const MORE = `Both stores are named by the settings of a start: POSTGRES_… or DATABASE_URL (else the one embedded under DATA_DIR),
and CLICKHOUSE_HOST … (else chDB under DATA_DIR). Stop every process of the system first. The target must be empty;
its tables are made. An interrupted copy goes on when the same command is given again. At the end both endpoints are read
again and compared; a difference is named. The source stays as it is and keeps where it went: nothing starts on it any
more. Copied back to where it came from, what is old there is removed first.`;

const MORE_OF_RELEASE = `What a finished copy leaves behind is old, and a start refuses it. This lets it start again, as it was then: what was
done in the other store since is not in it. Started both, they are two shops that share payments and parcels. It asks
whether it is meant. Where there is no terminal to ask on, --yes must be given. Stop every process of the system first.`;

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
  const release = db
    .command('release')
    .description('let a store that a copy has left be started on again, and give up what was done in the other one')
    .addOption(new Option('--on <store>', 'which one').choices(STORES).makeOptionMandatory())
    .option('--only <services>', 'only these, such as order,invoice')
    .option('--yes', 'do not ask whether it is meant')
    .action(async (options: ReleaseOptions) =>
      (await import('./db-release.actions.ts')).releaseCommand(configuration(), options, output),
    );
  addCommandHelp(release, {
    examples: ['tradepost db release --on postgres', 'tradepost db release --on clickhouse --only order --yes'],
    more: MORE_OF_RELEASE,
  });
}
