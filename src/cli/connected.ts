import type { Command } from 'commander';

/** Adds the options of a connection to a running system. */
export function connected(command: Command): Command {
  return command
    .option('--url <url>', 'where Tradepost runs (default: port PORT of this machine)')
    .option('--token <token>', 'an access token of the staff (better: TRADEPOST_TOKEN)')
    .option('--username <name>', 'sign in with this name; the password is asked for, or TRADEPOST_PASSWORD');
}
