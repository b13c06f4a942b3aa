import { Command } from 'commander';
import { container } from '../container.ts';
import { modulesOf } from '../platform/app.ts';
import { type Config, ConfigError, readEnvironment } from '../platform/config.ts';
import { AlreadyRunning } from '../platform/db/embedded/lock.ts';
import { common } from '../platform/errors.ts';
import { VERSION } from '../platform/version.ts';
import { addAnalyticsCommands } from './analytics.ts';
import { addDatabaseCommands } from './db-copy.ts';
import { addDeadLetterCommands } from './dead-letters.ts';
import { addDeveloperCommands } from './developer.ts';
import { Refused } from './refused.ts';

/** The `tradepost` command. Every npm script that runs the product goes through here. */
export async function run(args: readonly string[]): Promise<void> {
  const program = new Command('tradepost')
    .description('The order-to-cash back end that a team runs itself.')
    .version(VERSION)
    .showHelpAfterError()
    .configureHelp({ sortSubcommands: false });
  program
    .command('start', { isDefault: true })
    .description('start the services of SERVICES (default: all, in this process)')
    .option('--json', 'print the addresses as one line of JSON instead of the box')
    .action(async (options: { json?: boolean }) => (await import('./start.ts')).startCommand(configuration(), options));
  program
    .command('migrate')
    .description('bring the databases to the newest schema, and stop')
    .option('--plan', 'only say what would run')
    .action(async (options: { plan?: boolean }) =>
      (await import('./migrate.ts')).migrateCommand(configuration(), options),
    );
  program
    .command('seed')
    .description('put the eight sample products into an empty catalogue')
    .action(async () => (await import('./seed.ts')).seedCommand(configuration()));
  program
    .command('topology')
    .description('say which services run here, which elsewhere, and on what they stand')
    .option('--json', 'as JSON')
    .action(async (options: { json?: boolean }) =>
      (await import('./topology.ts')).topologyCommand(configuration(), options),
    );
  program
    .command('config')
    .description('print every setting with its value (secrets hidden) or, with --example, the text of .env.example')
    .option('--example', 'the text of .env.example')
    .action(async (options: { example?: boolean }) =>
      (await import('./config.ts')).configCommand(configuration, options),
    );
  addDatabaseCommands(program, configuration);
  addDeadLetterCommands(program, configuration);
  addAnalyticsCommands(program, configuration);
  addDeveloperCommands(program);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    fail(error);
  }
}

function configuration(): Config {
  return readEnvironment(modulesOf(container).map(({ contract }) => contract.name));
}

/** One sentence for what a person can mend, the whole error for what is our fault. */
function fail(error: unknown): void {
  process.exitCode = 1;
  if (error instanceof ConfigError) for (const fault of error.faults) console.error(fault);
  else if (error instanceof AlreadyRunning || error instanceof Refused) console.error(error.message);
  else if ((error as { code?: string }).code === 'EADDRINUSE') {
    const { address, port } = error as unknown as { address: string; port: number };
    console.error(
      `Port ${port} on ${address} is taken by another program; set PORT to a free one, or stop that program.`,
    );
  } else console.error(databaseFault(error) ?? error);
}

/** The sentence for a database server that is not there, or that lets us in no further. */
function databaseFault(error: unknown): string | undefined {
  const { code, message, cause } = error as { code?: string; message?: string; cause?: unknown };
  const advice =
    'check DATABASE_URL, or POSTGRES_HOST, POSTGRES_PORT, POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB';
  if (code === common.UNAVAILABLE.code) return `The database does not answer (${reasonOf(cause)}); ${advice}.`;
  // SQLSTATE: not that user or password, not that database.
  return /^(28|3D)...$/.test(code ?? '') ? `The database refuses (${message}); ${advice}.` : undefined;
}

function reasonOf(cause: unknown): string {
  const { message, code } = cause as { message?: string; code?: string };
  return message || code || 'no reason given';
}
