import type { Config } from '../../platform/config/config.ts';
import { addressOf } from '../api-client.ts';
import { CliError } from '../cli-error.ts';
import { ask } from '../confirm.ts';
import { send } from '../http.ts';
import type { Output } from '../output/output.ts';
import { askPassword } from '../password.ts';
import { currentToken, signIn } from './session.ts';
import { readSessions, saveSession, sessionsFile, withSessionLock } from './store.ts';

export interface SignInOptions {
  readonly url?: string;
  readonly username?: string;
}

/** `tradepost login`: signs in and stores the session of one address. */
export async function loginCommand(config: Config, options: SignInOptions, output: Output): Promise<void> {
  const url = addressOf(options.url, config.PORT);
  if (isOpenToOthers(url)) output.note(`Careful: the password goes to ${url} unencrypted; use https.`);
  const username = options.username ?? (await nameOnTerminal());
  const password = config.TRADEPOST_PASSWORD ?? (await passwordFor(username));
  const session = await signIn(url, username, password);
  await withSessionLock(async () => saveSession(url, session));
  const { expires_at } = session;
  output.done({ url, username, expires_at, file: sessionsFile() }, () => `Signed in at ${url} as ${username}.`);
}

/** `tradepost logout`: ends the session, and removes it also when it cannot be ended. */
export async function logoutCommand(config: Config, options: SignInOptions, output: Output): Promise<void> {
  const url = addressOf(options.url, config.PORT);
  const session = readSessions()[url];
  if (!session) {
    output.done({ url, signed_out: false }, () => `You are not signed in at ${url}.`);
    return;
  }
  const failure = await endSession(url);
  await withSessionLock(async () => saveSession(url, undefined));
  if (failure) {
    throw new CliError(`The sign-in was forgotten here, but its session was not ended: ${failure.message}`, failure);
  }
  output.done({ url, username: session.username, signed_out: true }, () => `Signed out at ${url}.`);
}

/** Why the session could not be ended; undefined when it has. */
async function endSession(url: string): Promise<CliError | undefined> {
  try {
    await send(url, '/auth/logout', { method: 'POST', token: await currentToken(url) });
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    // A session that has ended already is a success.
    return error.status === 401 || error.code === 'SIGN_IN_ENDED' ? undefined : error;
  }
  return undefined;
}

const isOpenToOthers = (url: string): boolean =>
  url.startsWith('http:') && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(new URL(url).hostname);

async function nameOnTerminal(): Promise<string> {
  if (!process.stdin.isTTY) throw new CliError('Name the user with --username; there is no terminal to ask on.');
  const name = (await ask('Username: ')).trim();
  if (name === '') throw new CliError('No username was given.');
  return name;
}

/** The password from the terminal; without one, from the first line of standard input. */
async function passwordFor(username: string): Promise<string> {
  if (process.stdin.isTTY) return askPassword(username);
  process.stdin.setEncoding('utf8');
  let text = '';
  for await (const part of process.stdin) text += part;
  const [line = ''] = text.split(/\r?\n/, 1);
  if (line === '')
    throw new CliError('There is no password on standard input; set TRADEPOST_PASSWORD, or write it there.');
  return line;
}
