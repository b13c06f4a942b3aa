import type { Command } from 'commander';
import { connected } from '../connected.ts';
import type { CommandContext } from '../context.ts';
import { addCommandHelp } from '../help.ts';
import type { DeadLetterOptions } from './dead-letters.actions.ts';

/** `tradepost dead-letters`: what consumers could not handle, looked at through the HTTP API of a running system. */
export function addDeadLetterCommands(program: Command, { configuration, output }: CommandContext): void {
  const actions = () => import('./dead-letters.actions.ts');
  const letters = program
    .command('dead-letters')
    .description('look at the events that consumers could not handle, replay them or give them up');
  const list = connected(letters.command('list'))
    .description('list them, of every service that listens or of one')
    .argument('[service]')
    .action(async (service: string | undefined, options: DeadLetterOptions) =>
      (await actions()).listLetters(configuration(), options, { service, output }),
    );
  addCommandHelp(list, {
    examples: ['tradepost dead-letters list', 'tradepost dead-letters list order --json'],
    exits: { 1: 'a service did not answer, or you may not see them' },
  });
  const show = connected(letters.command('show'))
    .description('show one of them, with the event as it came')
    .argument('<service>')
    .argument('<id>')
    .action(async (service: string, id: string, options: DeadLetterOptions) =>
      (await actions()).showLetter(configuration(), options, { service, id, output }),
    );
  addCommandHelp(show, { examples: ['tradepost dead-letters show order 3'] });
  const replay = connected(letters.command('replay'))
    .description('handle one of them again, or with --all every one, oldest first; what works is gone from the list')
    .argument('[service]')
    .argument('[id]')
    .option('--all', 'every one, of every service or of the one that is named')
    .action(async (service: string | undefined, id: string | undefined, options: DeadLetterOptions) =>
      (await actions()).replayLetters(configuration(), options, { service, id, output }),
    );
  addCommandHelp(replay, {
    examples: ['tradepost dead-letters replay order 3', 'tradepost dead-letters replay --all'],
    exits: { 0: 'all of them are handled', 1: 'one of them still cannot be handled' },
  });
  const discard = connected(letters.command('discard'))
    .description('give one of them up for good; for admins')
    .argument('<service>')
    .argument('<id>')
    .option('--yes', 'do not ask whether it is meant')
    .action(async (service: string, id: string, options: DeadLetterOptions) =>
      (await actions()).discardLetter(configuration(), options, { service, id, output }),
    );
  addCommandHelp(discard, {
    examples: ['tradepost dead-letters discard order 3', 'tradepost dead-letters discard order 3 --yes'],
    more: 'It asks whether it is meant. Where there is no terminal to ask on, --yes must be given.',
  });
}
