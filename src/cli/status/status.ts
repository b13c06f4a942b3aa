import type { Command } from 'commander';
import { connected } from '../connected.ts';
import type { CommandContext } from '../context.ts';
import { explain } from '../help.ts';
import type { Connection } from '../running.ts';

/** `tradepost status`: what runs, on what, since when, and what is wrong. */
export function addStatusCommand(program: Command, { configuration, output }: CommandContext): void {
  const status = connected(program.command('status'))
    .description('say what runs, on which engines, since when, and what is wrong')
    .action(async (options: Connection) =>
      (await import('./status.actions.ts')).statusCommand(configuration(), options, output),
    );
  explain(status, {
    examples: [
      'tradepost status',
      'tradepost status --url https://shop.example --json',
      'watch tradepost status --quiet',
    ],
    exits: { 0: 'all is well', 1: 'something is degraded or down', 2: 'nothing runs' },
    more: 'It needs no token. With one of the staff it also tells the dead letters.',
  });
}
