import type { Command } from 'commander';
import type { Connection } from '../api-client.ts';
import { connected } from '../connected.ts';
import type { CommandContext } from '../context.ts';
import { addCommandHelp } from '../help.ts';

/** `tradepost status`: the running services, their engines, their start times, and faults. */
export function addStatusCommand(program: Command, { configuration, output }: CommandContext): void {
  const status = connected(program.command('status'))
    .description('show the running services, their engines, their start times, and faults')
    .action(async (options: Connection) =>
      (await import('./status.actions.ts')).statusCommand(configuration(), options, output),
    );
  addCommandHelp(status, {
    examples: [
      'tradepost status',
      'tradepost status --url https://shop.example --json',
      'watch tradepost status --quiet',
    ],
    exits: { 0: 'all is well', 1: 'something is degraded or down', 2: 'nothing runs' },
    more: 'It needs no token. With one of the staff it also shows the dead letters.',
  });
}
