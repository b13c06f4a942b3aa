import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { CliError } from './cli-error.ts';

/** Reads a password from the terminal without echo. Throws CliError without a terminal, or at Ctrl-C. */
export async function askPassword(username: string): Promise<string> {
  const { stdin, stderr } = process;
  if (!stdin.isTTY) throw new CliError('There is no terminal to ask on: set TRADEPOST_PASSWORD, or use a token.');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input: stdin, output: silent, terminal: true });
  const given = new AbortController();
  for (const end of ['SIGINT', 'close'] as const) reader.on(end, () => given.abort());
  // Standard output is reserved for the result.
  stderr.write(`Password of ${username}: `);
  try {
    return await reader.question('', { signal: given.signal });
  } catch {
    throw new CliError('No password was given.');
  } finally {
    reader.close();
    stderr.write('\n');
  }
}
