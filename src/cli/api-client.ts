import type { Config } from '../platform/config/config.ts';
import { CliError } from './cli-error.ts';
import { type DownloadedFile, downloadFile, type HttpResponse, readText, send } from './http.ts';
import { currentToken, signIn } from './sign-in/session.ts';
import { readSessions } from './sign-in/store.ts';

export type { DownloadedFile } from './http.ts';

/** The address of a running system and the credentials to use. */
export interface Connection {
  readonly url?: string;
  readonly token?: string;
  readonly username?: string;
}

/** A client of a running system, signed in as one user. */
export interface ApiClient {
  readonly url: string;
  /** The body of the response. Throws CliError with the sentence of the system. */
  ask<T>(method: 'GET' | 'POST' | 'DELETE', path: string): Promise<T>;
  /** Every item of a list, page after page. */
  all<T>(path: string): Promise<T[]>;
  /** The text of a response. Throws CliError with the sentence of the system. */
  text(path: string): Promise<string>;
  /** The file of a response. Throws CliError with the sentence of the system. */
  file(path: string): Promise<DownloadedFile>;
}

/** Connects to a running system. Throws CliError when it does not answer, or without credentials. */
export async function connectApiClient(config: Config, given: Connection): Promise<ApiClient> {
  const base = addressOf(given.url, config.PORT);
  const identity = await identityFor(base, given, config);
  const as = async <T>(work: (token: string) => Promise<T>): Promise<T> => {
    const token = await identity.token();
    try {
      return await work(token);
    } catch (error) {
      if (!identity.renew || !(error instanceof CliError) || error.status !== 401) throw error;
      // The token was refused before it expired: its session may still be valid.
      return work(await identity.renew(token));
    }
  };
  const get = (path: string) => as((token) => send(base, path, { method: 'GET', token }));
  return {
    url: base,
    ask: async <T>(method: string, path: string) =>
      as(async (token) => (await send(base, path, { method, token })).body as T),
    async all<T>(path: string) {
      const items: T[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const { body, link }: HttpResponse = await get(`${path}?limit=200${query}`);
        items.push(...(body as T[]));
        cursor = nextCursor(link);
      }
      return items;
    },
    text: (path) => as((token) => readText(base, path, token)),
    file: (path) => as((token) => downloadFile(base, path, token)),
  };
}

/** Whether there are credentials: from an option, a setting or an earlier sign-in. */
export function hasIdentity(base: string, { token, username }: Connection, { TRADEPOST_TOKEN }: Config): boolean {
  return Boolean(token ?? username ?? TRADEPOST_TOKEN) || hasSession(base);
}

const hasSession = (base: string): boolean => readSessions()[base] !== undefined;

/** The source of a command's token. */
interface Identity {
  token(): Promise<string>;
  /** Replaces a refused token; undefined where that is not possible. */
  readonly renew?: (refused: string) => Promise<string>;
}

async function identityFor(base: string, { token, username }: Connection, config: Config): Promise<Identity> {
  if (token !== undefined) return fixed(token);
  if (username !== undefined) return fixed((await signIn(base, username, await passwordOf(username, config))).token);
  if (config.TRADEPOST_TOKEN) return fixed(config.TRADEPOST_TOKEN);
  if (!hasSession(base)) {
    throw new CliError(
      `Say who you are: with \`${loginFor(base, config)}\`, with TRADEPOST_TOKEN, with --token, or with --username.`,
      { code: 'NOT_SIGNED_IN' },
    );
  }
  return { token: () => currentToken(base), renew: (refused) => currentToken(base, refused) };
}

function fixed(token: string): Identity {
  if (!/^[\x21-\x7e]+$/.test(token))
    throw new CliError('The given token is not valid: it has characters that no token has.');
  return { token: async () => token };
}

/** The command that signs in at this address. */
export function loginFor(base: string, { PORT }: Pick<Config, 'PORT'>): string {
  return base === `http://localhost:${PORT}` ? 'tradepost login' : `tradepost login --url ${base}`;
}

async function passwordOf(username: string, { TRADEPOST_PASSWORD }: Config): Promise<string> {
  return TRADEPOST_PASSWORD ?? (await (await import('./password.ts')).askPassword(username));
}

/** The address of a running system. Throws CliError for an invalid one. */
export function addressOf(given: string | undefined, port: number): string {
  if (given === undefined) {
    if (port === 0) throw new CliError('PORT is 0, so give the address of Tradepost with --url.');
    return `http://localhost:${port}`;
  }
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw new CliError(`--url takes an http or https URL, not '${given}'.`);
  if (url.username || url.password) throw new CliError('--url takes no user and no password; see --username.');
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

// Only the cursor is read from the link; the address is known.
function nextCursor(link: string | null): string | null {
  const target = /<([^>]*)>;\s*rel="?next"?/.exec(link ?? '')?.[1];
  return target === undefined ? null : new URL(target, 'http://localhost').searchParams.get('cursor');
}
