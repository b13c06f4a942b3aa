import type { Command } from 'commander';
import { connected } from '../connected.ts';
import type { CommandContext } from '../context.ts';
import { addCommandHelp } from '../help.ts';
import type { DeadLetterOptions } from './dead-letters.actions.ts';

/** `tradepost dead-letters`: the events that consumers could not handle, through the HTTP API of a running system. */
export function addDeadLetterCommands(program: Command, { configuration, output }: CommandContext): void {
  const actions = () => import('./dead-letters.actions.ts');
  const letters = program
    .command('dead-letters')
    .description('list the events that consumers could not handle, replay or discard them');
  const list = connected(letters.command('list'))
    .description('list the dead letters of every service, or of one')
    .argument('[service]')
    .action(async (service: string | undefined, options: DeadLetterOptions) =>
      (await actions()).listDeadLetters(configuration(), options, { service, output }),
    );
  addCommandHelp(list, {
    examples: ['tradepost dead-letters list', 'tradepost dead-letters list order --json'],
    exits: { 1: 'a service did not answer, or you may not see them' },
  });
  const show = connected(letters.command('show'))
    .description('show a dead letter with its event')
    .argument('<service>')
    .argument('<id>')
    .action(async (service: string, id: string, options: DeadLetterOptions) =>
      (await actions()).showDeadLetter(configuration(), options, { service, id, output }),
    );
  addCommandHelp(show, { examples: ['tradepost dead-letters show order 3'] });
  const replay = connected(letters.command('replay'))
    .description(
      'handle a dead letter again, or with --all every one, oldest first; a success removes it from the list',
    )
    .argument('[service]')
    .argument('[id]')
    .option('--all', 'every dead letter, of every service or of the named one')
    .action(async (service: string | undefined, id: string | undefined, options: DeadLetterOptions) =>
      (await actions()).replayDeadLetters(configuration(), options, { service, id, output }),
    );
  addCommandHelp(replay, {
    examples: ['tradepost dead-letters replay order 3', 'tradepost dead-letters replay --all'],
    exits: { 0: 'all were handled', 1: 'one still cannot be handled' },
  });
  const discard = connected(letters.command('discard'))
    .description('discard a dead letter for good; for admins')
    .argument('<service>')
    .argument('<id>')
    .option('--yes', 'do not ask for confirmation')
    .action(async (service: string, id: string, options: DeadLetterOptions) =>
      (await actions()).discardDeadLetter(configuration(), options, { service, id, output }),
    );
  addCommandHelp(discard, {
    examples: ['tradepost dead-letters discard order 3', 'tradepost dead-letters discard order 3 --yes'],
    more: 'It asks for confirmation. Without a terminal, --yes must be given.',
  });
}
