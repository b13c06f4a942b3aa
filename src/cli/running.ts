import type { Config } from '../platform/config.ts';
import { plain } from './output/plain.ts';
import { Refused } from './refused.ts';

/** How a command finds a running system, and as whom. */
export interface Connection {
  readonly url?: string;
  readonly token?: string;
  readonly username?: string;
}

/** A system that runs, here or elsewhere, as one user. */
export interface RunningSystem {
  readonly url: string;
  /** The body of the answer. Throws Refused with the sentence of the system. */
  ask<T>(method: 'GET' | 'POST' | 'DELETE', path: string): Promise<T>;
  /** Every item of a list, page after page. */
  all<T>(path: string): Promise<T[]>;
  /** What the answer holds as a file. Throws Refused with the sentence of the system. */
  file(path: string): Promise<TakenFile>;
}

/** A file as the system named it. */
export interface TakenFile {
  readonly filename: string;
  readonly type: string;
  readonly bytes: Uint8Array;
}

interface Answer {
  readonly body: unknown;
  readonly link: string | null;
}

/** Goes to a running system, signing in where a name is given. Throws Refused when nobody is there. */
export async function connect(config: Config, { url, token, username }: Connection): Promise<RunningSystem> {
  const base = addressOf(url, config.PORT);
  const given = token ?? (username === undefined ? config.TRADEPOST_TOKEN : await signIn(base, username, config));
  if (!given) throw new Refused('Say who you are: with TRADEPOST_TOKEN, with --token, or with --username.');
  if (!/^[\x21-\x7e]+$/.test(given)) throw new Refused('What was given as a token is none.');
  return {
    url: base,
    ask: async <T>(method: string, path: string) => (await send(base, path, { method, token: given })).body as T,
    async all<T>(path: string) {
      const items: T[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const { body, link }: Answer = await send(base, `${path}?limit=200${query}`, { method: 'GET', token: given });
        items.push(...(body as T[]));
        cursor = nextCursor(link);
      }
      return items;
    },
    file: (path) => take(base, path, given),
  };
}

function addressOf(given: string | undefined, port: number): string {
  if (given === undefined) {
    if (port === 0) throw new Refused('PORT is 0, so say with --url where Tradepost runs.');
    return `http://localhost:${port}`;
  }
  const url = URL.canParse(given) ? new URL(given) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) throw new Refused(`--url takes an http or https URL, not '${given}'.`);
  if (url.username || url.password) throw new Refused('--url takes no user and no password; see --username.');
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

async function signIn(base: string, username: string, { TRADEPOST_PASSWORD }: Config): Promise<string> {
  const password = TRADEPOST_PASSWORD ?? (await (await import('./password.ts')).askPassword(username));
  const { body } = await send(base, '/login', { method: 'POST', body: { username, password } });
  const { token } = body as { token?: unknown };
  if (typeof token !== 'string') throw strange(base, 200);
  return token;
}

interface Sent {
  readonly method: string;
  readonly token?: string;
  readonly body?: object;
  readonly accept?: string;
}

const PATIENCE_MS = 60_000;

async function send(base: string, path: string, sent: Sent): Promise<Answer> {
  const { response, bytes } = await reach(base, path, sent);
  const read = bytes.length === 0 ? {} : json(bytes);
  if (response.ok && read !== undefined) return { body: read, link: response.headers.get('link') };
  throw refusal(base, response.status, read);
}

async function take(base: string, path: string, token: string): Promise<TakenFile> {
  const { response, bytes } = await reach(base, path, { method: 'GET', token, accept: '*/*' });
  if (!response.ok) throw refusal(base, response.status, json(bytes));
  const named = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '');
  const [type, filename] = [response.headers.get('content-type'), named?.[1]];
  if (type === null || filename === undefined) throw strange(base, response.status);
  return { filename, type, bytes };
}

async function reach(base: string, path: string, { method, token, body, accept = 'application/json' }: Sent) {
  const headers: Record<string, string> = { accept };
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (body) headers['content-type'] = 'application/json';
  const signal = AbortSignal.timeout(PATIENCE_MS);
  // A token goes where it was meant for and nowhere else.
  const options = { method, headers, body: body && JSON.stringify(body), signal, redirect: 'error' as const };
  return fetch(base + path, options)
    .then(async (response) => ({ response, bytes: await response.bytes() }))
    .catch((error: unknown) => {
      throw new Refused(`Nothing of Tradepost answers at ${base} (${reasonOf(error)}); start it, or see --url.`, {
        code: 'NOT_RUNNING',
      });
    });
}

function refusal(base: string, status: number, body: unknown): Refused {
  const { error, code } = (body ?? {}) as { error?: unknown; code?: unknown };
  if (typeof error !== 'string') return strange(base, status);
  const advice = status === 401 ? ' (sign in again, or ask for another token)' : '';
  return new Refused(`${plain(error)}${advice}`, { status, code: typeof code === 'string' ? code : undefined });
}

function strange(base: string, status: number): Refused {
  return new Refused(`What answers at ${base} is not Tradepost (status ${status}); see --url.`, {
    code: 'NOT_TRADEPOST',
  });
}

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message;
}

// Only the cursor is taken from the link: where it leads is known.
function nextCursor(link: string | null): string | null {
  const target = /<([^>]*)>;\s*rel="?next"?/.exec(link ?? '')?.[1];
  return target === undefined ? null : new URL(target, 'http://localhost').searchParams.get('cursor');
}
