import { Command } from 'commander';
import { VERSION } from '../platform/app/version.ts';
import { addAnalyticsCommands } from './analytics/analytics.ts';
import { addBooksCommands } from './books/books.ts';
import { addDeveloperCommands } from './commands/developer.ts';
import type { CommandContext } from './context.ts';
import { addDatabaseCommands } from './db-copy/db-copy.ts';
import { addDeadLetterCommands } from './dead-letters/dead-letters.ts';
import { addDoctorCommand } from './doctor/doctor.ts';
import { addCommandHelp } from './help.ts';
import { addSignInCommands } from './sign-in/sign-in.ts';
import { addStatusCommand } from './status/status.ts';

const ABOUT_OUTPUT = `
--json and --quiet work with every command. With --json standard output is one JSON document and nothing else, and a fault
is one line {"error", "code"} on standard error. With --quiet there are only results and faults. NO_COLOR and FORCE_COLOR
are honoured; other outputs than a terminal get no colours.`;

/** Every command. Creating it reads no settings and starts nothing. */
export function createProgram(context: CommandContext): Command {
  const program = new Command('tradepost')
    .description('The order-to-cash back end that a team runs itself.')
    .version(VERSION)
    .option('--json', 'one JSON document on standard output')
    .option('-q, --quiet', 'only results, and faults')
    .helpCommand(false)
    .configureHelp({ sortSubcommands: false, showGlobalOptions: true, helpWidth: 120 })
    .addHelpText('after', ABOUT_OUTPUT);
  addRunCommands(program, context);
  addStatusCommand(program, context);
  addDoctorCommand(program, context);
  addSettingsCommands(program, context);
  addDatabaseCommands(program, context);
  addSignInCommands(program, context);
  addDeadLetterCommands(program, context);
  addAnalyticsCommands(program, context);
  addBooksCommands(program, context);
  addDeveloperCommands(program, context);
  return program;
}

function addRunCommands(
  program: Command,
  { configuration, configurationWithoutWarnings, output }: CommandContext,
): void {
  addCommandHelp(
    program
      .command('start')
      .description('start the services of SERVICES (default: all, in this process)')
      .action(async () => (await import('./commands/start.ts')).startCommand(configurationWithoutWarnings(), output)),
    {
      examples: ['tradepost start', 'PORT=9000 tradepost start', 'SERVICES=order JWT_SECRET=… tradepost start --json'],
      exits: { 0: 'it stopped after a signal', 1: 'it cannot start, or a server that it depends on has ended' },
      more:
        'It reports each step of the start: at a terminal on standard error, otherwise as a line of the log; with --quiet ' +
        'only in the log. With --json the addresses are one line of JSON on standard output, ' +
        'and the log goes to standard error.',
    },
  );
  addCommandHelp(
    program
      .command('migrate')
      .description('bring the databases to the newest schema, and stop')
      .option('--plan', 'only list the migrations that would run')
      .action(async (options: { plan?: boolean }) =>
        (await import('./commands/migrate.ts')).migrateCommand(configuration(), options, output),
      ),
    { examples: ['tradepost migrate --plan', 'tradepost migrate'] },
  );
  addCommandHelp(
    program
      .command('seed')
      .description('put the eight sample products into an empty catalogue')
      .action(async () => (await import('./commands/seed.ts')).seedCommand(configuration(), output)),
    { examples: ['tradepost seed'] },
  );
}

function addSettingsCommands(program: Command, { configuration, output }: CommandContext): void {
  addCommandHelp(
    program
      .command('topology')
      .description('list the services of this process and of others, with their addresses and stores, by the settings')
      .action(async () => (await import('./commands/topology.ts')).topologyCommand(configuration(), output)),
    { examples: ['tradepost topology', 'SERVICES=order JWT_SECRET=… tradepost topology --json'] },
  );
  addCommandHelp(
    program
      .command('config')
      .description('print every setting with its value (secrets hidden) or, with --example, the text of .env.example')
      .option('--example', 'the text of .env.example')
      .action(async (options: { example?: boolean }) =>
        (await import('./commands/config.ts')).configCommand(configuration, options, output),
      ),
    { examples: ['tradepost config', 'tradepost config --example > .env'] },
  );
}
