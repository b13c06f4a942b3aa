import { AppError, common, invalid } from '../../contract/errors.ts';

/**
 * What each fault of PostgreSQL, of the way to it and of its driver means. This table is the only place that knows.
 * `away`: the server or the way to it is the fault, and the same may succeed later. `undone`: the server undid the
 * statement so that others may go on. `text`: the text cannot be stored. `row`: one row is refused. Anything else is
 * a fault of ours.
 */
export type FaultKind = 'away' | 'undone' | 'text' | 'row';

/** A fault that is in the table. */
export interface DatabaseFault {
  readonly kind: FaultKind;
  /** What is wrong. It is public: it names no address, no user and no secret. */
  readonly sentence: string;
  /** What an operator does about it. */
  readonly remedy: string;
  /** Whether the database answers and cannot be written to. */
  readonly unwritable?: boolean;
  /** Whether the server gave one statement up, and may well answer others. */
  readonly slow?: boolean;
}

interface DriverError {
  readonly code?: string;
  readonly message: string;
  readonly severity?: string;
}

const SETTINGS =
  'check DATABASE_URL, or POSTGRES_HOST, POSTGRES_PORT, POSTGRES_USER, POSTGRES_PASSWORD and POSTGRES_DB';
const WAIT = 'it is tried again until it answers';
const POOLER =
  'a connection pooler in transaction mode cannot be used, because sessions keep prepared statements, locks and LISTEN: set pool_mode = session in PgBouncer, or name PostgreSQL itself in DATABASE_URL or POSTGRES_HOST and POSTGRES_PORT';

const away = (sentence: string, remedy: string, unwritable = false): DatabaseFault => ({
  kind: 'away',
  sentence,
  remedy,
  unwritable,
});
const of = (kind: FaultKind, sentence: string): DatabaseFault => ({ kind, sentence, remedy: '' });

const UNREACHABLE = away('the database does not answer', SETTINGS);
const NO_ROUTE = away('the network has no way to the database', SETTINGS);
const NO_NAME = away('the name of the database server cannot be resolved', SETTINGS);
const NO_TLS = away(
  'no TLS connection with the database can be made',
  'check sslmode and the certificates that DATABASE_URL names',
);
const NO_FILES = away('this process has too many open files', 'raise the limit of open files (ulimit -n)');
const REFUSED = away('the database refuses us', SETTINGS);
const READ_ONLY = away(
  'the database is read-only',
  'name the primary server in DATABASE_URL or POSTGRES_HOST, or turn default_transaction_read_only off',
  true,
);
const DISK_FULL = away('the disk of the database is full', 'make space on it; writing then goes on by itself', true);
const DISK = away('the database cannot read or write its files', 'look at its log and at its disk', true);
const MEMORY = away('the database has no memory left', 'give its server more memory, or lower max_connections');
const FULL = away('the database has no connection left for us', 'raise its max_connections, or lower DB_POOL_SIZE');
const STOPPED = away('the database is stopping or was stopped', WAIT);
const STARTING = away('the database is starting', WAIT);
const SILENT = away('the database took too long', 'look for locks and for load in it');
const SLOW: DatabaseFault = { ...SILENT, slow: true };
const BROKEN = away('the connection to the database broke', WAIT);
const POOLED = away('a connection pooler before the database refuses what a session needs', POOLER);
const GONE = away('the tables of Tradepost are not in the database', 'restore them, or run tradepost migrate');
const NO_RIGHT = away(
  'the database user lacks a right',
  'let the owner of the database grant it: GRANT CREATE ON DATABASE … TO …, and GRANT ALL ON the schemas tradepost_…',
);
const UNDONE = of('undone', 'the statement was undone for another one');
const TEXT = of('text', 'text may not contain the character U+0000 or half a character');
const ROW = of('row', 'a row is refused');

/** SQLSTATE, or the first two characters of one for its class; the longer goes before. */
const BY_SQLSTATE: Readonly<Record<string, DatabaseFault>> = {
  '08': BROKEN,
  '08P01': BROKEN,
  '0A000': UNDONE,
  '22': ROW,
  '22021': TEXT,
  '22P05': TEXT,
  '23': ROW,
  '25006': READ_ONLY,
  '25P03': SLOW,
  '25P04': SLOW,
  '26000': POOLED,
  '28': REFUSED,
  '3D000': away('the database does not exist', SETTINGS),
  '40': ROW,
  '40001': UNDONE,
  '40P01': UNDONE,
  '42501': NO_RIGHT,
  '42P05': POOLED,
  '53': MEMORY,
  '53100': DISK_FULL,
  '53300': FULL,
  '55P03': SLOW,
  '57': STOPPED,
  '57014': SLOW,
  '57P03': STARTING,
  '57P04': away('the database was dropped', SETTINGS),
  '57P05': BROKEN,
  '58': DISK,
  F0: DISK,
  P0: ROW,
  XX001: DISK,
  XX002: DISK,
};

/** Codes of Node.js for what happens on the way. */
const BY_ERRNO: Readonly<Record<string, DatabaseFault>> = {
  EACCES: UNREACHABLE,
  EADDRNOTAVAIL: NO_ROUTE,
  ECONNABORTED: BROKEN,
  ECONNREFUSED: UNREACHABLE,
  ECONNRESET: BROKEN,
  EHOSTDOWN: NO_ROUTE,
  EHOSTUNREACH: NO_ROUTE,
  EMFILE: NO_FILES,
  ENETDOWN: NO_ROUTE,
  ENETRESET: BROKEN,
  ENETUNREACH: NO_ROUTE,
  ENFILE: NO_FILES,
  ENOBUFS: NO_FILES,
  ENOENT: UNREACHABLE,
  ENOTCONN: BROKEN,
  ENOTFOUND: NO_NAME,
  EPERM: UNREACHABLE,
  EPIPE: BROKEN,
  EPROTO: NO_TLS,
  ETIMEDOUT: UNREACHABLE,
  ERR_STREAM_DESTROYED: BROKEN,
  ERR_STREAM_WRITE_AFTER_END: BROKEN,
};

/** Families of codes that are too many to list. */
const BY_CODE: readonly (readonly [RegExp, DatabaseFault])[] = [
  [/^EAI_/, NO_NAME],
  [
    /^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|HOSTNAME_MISMATCH)/,
    NO_TLS,
  ],
];

/** The meaning of a code of Node.js for what happens on the way to a server. */
export const faultOnTheWay = (code: string): DatabaseFault | undefined =>
  BY_ERRNO[code] ?? BY_CODE.find(([pattern]) => pattern.test(code))?.[1];

/** What the driver throws without a code, by its text. */
const BY_MESSAGE: readonly (readonly [RegExp, DatabaseFault])[] = [
  [/^Connection terminated due to connection timeout|^timeout e(xpired|xceeded)/, UNREACHABLE],
  [/^Connection terminated|^Client (has|was)|^Cannot use a pool after|^Received unexpected/, BROKEN],
  [/^Query read timeout/, SILENT],
  [/SSL connection|^SASL channel binding/, NO_TLS],
  [/^SASL|^Unknown authenticationOk/, REFUSED],
];

/** The meaning of an error of the driver, also when it is the cause of an AppError; undefined for a fault of ours. */
export function databaseFaultOf(error: unknown): DatabaseFault | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof AppError) return error.kind === 'unavailable' ? databaseFaultOf(error.cause) : undefined;
  const { code = '', message, severity } = error as DriverError;
  const special = bySpecialMessage(code, message);
  if (special !== 'as listed') return special;
  const listed = BY_SQLSTATE[code] ?? BY_ERRNO[code] ?? byFamily(code) ?? byMessage(error as DriverError);
  // The server ended the connection, so the statement is not the fault.
  return listed ?? (severity === 'FATAL' || severity === 'PANIC' ? BROKEN : undefined);
}

/** Codes that mean several things, which only the message tells apart. */
function bySpecialMessage(code: string, message: string): DatabaseFault | undefined | 'as listed' {
  if (/startup parameter/.test(message)) return POOLED;
  // A plan was made before somebody changed the table: on a new connection it is made again.
  if (code === '0A000') return message.includes('cached plan') ? UNDONE : undefined;
  // Half a character in a JSON document is refused as such; of other types it is a fault of ours.
  if (code === '22P02' && message.includes('type json')) return TEXT;
  // Migrations made these tables before the first request: somebody took them away.
  if (code === '42P01') return /"tradepost_\w+\./.test(message) ? GONE : undefined;
  if (code === '3F000') return /"tradepost_/.test(message) ? GONE : undefined;
  return 'as listed';
}

function byFamily(code: string): DatabaseFault | undefined {
  const family = BY_CODE.find(([pattern]) => pattern.test(code))?.[1];
  return family ?? (/^(?=.*\d)[0-9A-Z]{5}$/.test(code) ? BY_SQLSTATE[code.slice(0, 2)] : undefined);
}

const byMessage = ({ code, message }: DriverError): DatabaseFault | undefined =>
  code ? undefined : BY_MESSAGE.find(([pattern]) => pattern.test(message))?.[1];

/** What the platform throws for an error of the driver; what is no fault of the surroundings stays as it is. */
export function translate(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const fault = databaseFaultOf(error);
  if (fault?.kind === 'away') {
    return Object.assign(fault.slow ? common.TOO_SLOW() : common.UNAVAILABLE(), { cause: error });
  }
  return fault?.kind === 'text' ? invalid(fault.sentence) : error;
}

/** Whether the server undid the statement, so that it did nothing and may be sent again. */
export const wasUndone = (error: unknown): boolean => databaseFaultOf(error)?.kind === 'undone';

/** The constraint that refused a row, if that is what the error says. */
export function violatedConstraint(error: unknown): string | undefined {
  const { code, constraint } = error as { code?: string; constraint?: string };
  return code?.startsWith('23') ? constraint : undefined;
}

/** Whether the error lies in a row's values, so that nothing of its statement was written. */
export function rowFaultInPostgres(error: unknown): boolean {
  if (error instanceof AppError) return error.kind === 'invalid';
  const kind = databaseFaultOf(error)?.kind;
  return kind === 'row' || kind === 'undone' || kind === 'text';
}

/** One sentence for an operator: what is wrong, what was said, and the remedy; undefined for a fault of ours. */
export function faultSentence(error: unknown): string | undefined {
  const fault = databaseFaultOf(error);
  if (fault?.kind !== 'away') return undefined;
  const cause = error instanceof AppError ? error.cause : error;
  return `${capital(fault.sentence)} (${databaseReason(cause)}); ${fault.remedy}.`;
}

/** What the driver said in its own words, on one line; of several attempts to connect, the first that said something. */
export function databaseReason(error: unknown): string {
  const { message, code, errors } = error as { message?: string; code?: string; errors?: readonly Error[] };
  const said = message || errors?.find((one) => one.message)?.message || code || 'no reason given';
  return said.replace(/\s+/g, ' ');
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
