import { isIP } from 'node:net';
import pg from 'pg';
import { UnfitDatabase } from './unfit.ts';

/** Where a database is and who asks, as the driver takes it: in fields, so that every character stands for itself. */
export interface DatabaseAddress {
  /** A name, an address without brackets, or the directory of a socket, which begins with a slash. */
  readonly host: string;
  readonly port: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  /** What else a URL says, such as `sslmode`. */
  readonly words: Readonly<Record<string, string>>;
}

const DEFAULT_PORT = 5432;
const SCHEME = /^postgres(?:ql)?:\/\//;
const PARTS = /^(?:([^@]*)@)?([^@/?#]*)(?:\/([^@?#]*))?(?:\?([^#]*))?$/s;
// A password that nobody encoded: the host comes after the last @.
const LENIENT_PARTS = /^(.*)@([^@/?#]*)(?:\/([^@?#]*))?(?:\?([^#@]*))?$/s;

/** Reads a `postgresql://` URL, as libpq has them. Undefined for what is none, or names no single server. */
export function parseAddress(url: string): DatabaseAddress | undefined {
  const scheme = SCHEME.exec(url)?.[0];
  if (scheme === undefined) return undefined;
  const rest = url.slice(scheme.length);
  const [, login, server, path, query] = strictParts(rest) ?? LENIENT_PARTS.exec(rest) ?? [];
  if (server === undefined) return undefined;
  const { host: ownHost, port: ownPort, user, password, dbname, ...words } = wordsOf(query ?? '');
  const place = /^(\[[^\]]*\]|[^:]*)(?::(\d*))?$/.exec(server);
  const host = hostName(ownHost ?? decoded(place?.[1] ?? '')) ?? (place?.[1] === '' ? 'localhost' : undefined);
  const port = portNumber(ownPort ?? place?.[2] ?? '');
  if (!place || host === undefined || port === undefined) return undefined;
  const colon = login?.indexOf(':') ?? -1;
  return {
    host,
    port,
    user: user ?? nonEmpty(login === undefined ? '' : decoded(colon < 0 ? login : login.slice(0, colon))),
    password: password ?? nonEmpty(login === undefined || colon < 0 ? '' : decoded(login.slice(colon + 1))),
    database: dbname ?? nonEmpty(decoded(path ?? '')),
    words,
  };
}

function strictParts(rest: string): RegExpExecArray | undefined {
  const parts = PARTS.exec(rest);
  return parts && !/[/?#]/.test(parts[1] ?? '') ? parts : undefined;
}

/** A host as the driver takes it; undefined for what is none. */
export function hostName(given: string): string | undefined {
  if (given.startsWith('/')) return given;
  const bare = /^\[(.*)\]$/.exec(given)?.[1];
  if (bare !== undefined) return isIP(bare) === 6 ? bare : undefined;
  if (isIP(given) !== 0) return given;
  return given.length > 0 && !/[\s/:@?#,[\]%\\]/.test(given) ? given : undefined;
}

function portNumber(given: string): number | undefined {
  if (given === '') return DEFAULT_PORT;
  const port = /^\d{1,5}$/.test(given) ? Number(given) : 0;
  return port >= 1 && port <= 65_535 ? port : undefined;
}

function wordsOf(query: string): Record<string, string> {
  const pairs = query.split('&').filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', ...value] = pair.split('=');
      return [decoded(name), decoded(value.join('='))];
    }),
  );
}

const nonEmpty = (text: string): string | undefined => (text === '' ? undefined : text);

// A percent sign that begins no encoded byte stands for itself.
function decoded(text: string): string {
  return text.replace(/(?:%[\da-f]{2})+/gi, (bytes) => {
    try {
      return decodeURIComponent(bytes);
    } catch {
      return bytes;
    }
  });
}

/** The URL of an address: `parseAddress` reads every character of it back. */
export function databaseUrlOf({ host, port, user, password, database, words }: DatabaseAddress): string {
  const login = [user, password].filter((one) => one !== undefined).map(encodeURIComponent);
  const server = isIP(host) === 6 ? `[${host}]` : encodeURIComponent(host);
  const query = Object.entries(words).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  return [
    'postgresql://',
    login.length === 0 ? '' : `${login.join(':')}@`,
    `${server}:${port}`,
    database === undefined ? '' : `/${encodeURIComponent(database)}`,
    query.length === 0 ? '' : `?${query.join('&')}`,
  ].join('');
}

/** Host, port and database, for a person: no user and no password. */
export function databaseLocation(url: string): string {
  const address = parseAddress(url);
  if (!address) return 'an unreadable address';
  const { host, port, database } = address;
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}${database === undefined ? '' : `/${database}`}`;
}

/** What the driver takes for a URL. Throws UnfitDatabase when it names what cannot be read. */
export function connectionOf(url: string): pg.ClientConfig {
  const address = parseAddress(url);
  if (!address) throw new UnfitDatabase('The address of the database is no postgresql:// URL.');
  const { words, ...fields } = address;
  return {
    ...fields,
    ...(words.options !== undefined && { options: words.options }),
    ...tlsOf(words),
  };
}

/** TLS by the driver's own rules for `sslmode` and the files that go with it. */
function tlsOf(words: DatabaseAddress['words']): Pick<pg.ClientConfig, 'ssl'> {
  const own = Object.entries(words).filter(([name]) => name.startsWith('ssl') || name === 'uselibpqcompat');
  if (own.length === 0) return {};
  const query = own.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  try {
    const { ssl } = new pg.Client({ connectionString: `postgresql://localhost/postgres?${query}` }) as unknown as {
      ssl: pg.ClientConfig['ssl'];
    };
    return { ssl };
  } catch (error) {
    throw new UnfitDatabase(`What DATABASE_URL says of TLS cannot be used (${(error as Error).message}).`);
  }
}
