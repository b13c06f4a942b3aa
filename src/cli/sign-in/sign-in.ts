import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { addCommandHelp } from '../help.ts';
import type { SignInOptions } from './sign-in.actions.ts';

/** `tradepost login` and `tradepost logout`: the session of later commands at a running system. */
export function addSignInCommands(program: Command, { configuration, output }: CommandContext): void {
  const actions = () => import('./sign-in.actions.ts');
  const login = program
    .command('login')
    .description('sign in at a running system, for later commands')
    .option('--url <url>', 'where Tradepost runs (default: port PORT of this machine)')
    .option('--username <name>', 'the username (default: asked for)')
    .action(async (options: SignInOptions) => (await actions()).loginCommand(configuration(), options, output));
  addCommandHelp(login, {
    examples: ['tradepost login', 'tradepost login --url https://shop.example --username alice < password.txt'],
    more:
      'The password is asked for, or is TRADEPOST_PASSWORD, or the first line of standard input; it is not stored. The\n' +
      'tokens are stored, by address, in tradepost/credentials.json under XDG_CONFIG_HOME or ~/.config, for their owner alone,\n' +
      'and are renewed when they expire. --token, --username and TRADEPOST_TOKEN take precedence.',
  });
  const logout = program
    .command('logout')
    .description('end the session of login, and remove it')
    .option('--url <url>', 'where (default: port PORT of this machine)')
    .action(async (options: SignInOptions) => (await actions()).logoutCommand(configuration(), options, output));
  addCommandHelp(logout, { examples: ['tradepost logout', 'tradepost logout --url https://shop.example'] });
}
