import type { Command } from 'commander';
import type { Config } from '../platform/config.ts';
import type { DeadLetterOptions } from './dead-letters.actions.ts';

/** `tradepost dead-letters`: what consumers could not handle, looked at through the HTTP API of a running system. */
export function addDeadLetterCommands(program: Command, configuration: () => Config): void {
  const actions = () => import('./dead-letters.actions.ts');
  const letters = program
    .command('dead-letters')
    .description('look at the events that consumers could not handle, replay them or give them up');
  connected(letters.command('list'))
    .description('list them, of every service that listens or of one')
    .argument('[service]')
    .action(async (service: string | undefined, options: DeadLetterOptions) =>
      (await actions()).listLetters(configuration(), options, service),
    );
  connected(letters.command('show'))
    .description('show one of them, with the event as it came')
    .argument('<service>')
    .argument('<id>')
    .action(async (service: string, id: string, options: DeadLetterOptions) =>
      (await actions()).showLetter(configuration(), options, { service, id }),
    );
  connected(letters.command('replay'))
    .description('handle one of them again, or with --all every one, oldest first; what works is gone from the list')
    .argument('[service]')
    .argument('[id]')
    .option('--all', 'every one, of every service or of the one that is named')
    .action(async (service: string | undefined, id: string | undefined, options: DeadLetterOptions) =>
      (await actions()).replayLetters(configuration(), options, { service, id }),
    );
  connected(letters.command('discard'))
    .description('give one of them up for good; for admins')
    .argument('<service>')
    .argument('<id>')
    .action(async (service: string, id: string, options: DeadLetterOptions) =>
      (await actions()).discardLetter(configuration(), options, { service, id }),
    );
}

/** Adds the options with which a command finds a running system. */
export function connected(command: Command): Command {
  return command
    .option('--url <url>', 'where Tradepost runs (default: port PORT of this machine)')
    .option('--token <token>', 'the access token of a member of the staff (better: TRADEPOST_TOKEN)')
    .option('--username <name>', 'sign in with this name; the password is asked for, or TRADEPOST_PASSWORD')
    .option('--json', 'as JSON');
}
