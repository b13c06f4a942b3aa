import pg from 'pg';
import { watchWrites } from '../writes.ts';
import { connectionOf, databaseLocation } from './address.ts';
import { translate, wasUndone } from './faults.ts';
import { postgresWriteFault, probePostgres } from './health/look.ts';
import { exposeDatabase } from './health/metrics.ts';
import { toIsoTime } from './iso-time.ts';

export { rowFaultInPostgres, violatedConstraint } from './faults.ts';

/**
 * PostgreSQL, as far as the platform knows it: a pool per database, statements prepared by name, typed rows, and
 * the driver's errors told apart. Repositories write SQL; nothing else does.
 */

/** A statement that is prepared once a connection under its name. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

/** Runs statements: the pool itself, or one connection inside a transaction. */
export interface Sql {
  query<Row extends object>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>;
  /** Several statements without parameters, as a migration has them. */
  script(text: string): Promise<void>;
}

export interface Database extends Sql {
  readonly url: string;
  /** Host, port and database, for a person. */
  readonly place: string;
  /** Runs `work` in one transaction on one connection. Using its `Sql` afterwards throws. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Throws when the server does not answer. */
  ping(): Promise<void>;
  /** Throws `Down` when nothing can be written, with the reason; it looks at most once a second. */
  writable(): Promise<void>;
  /** To be called after a commit that put events into an outbox: it wakes the relay. */
  announced(): void;
  onAnnounced(listener: () => void): void;
  close(): Promise<void>;
}

const INT8 = 20;
const TIMESTAMPTZ = 1184;

// bigint columns hold ids and minor units below 2^53; only a sum of many may be larger, and stays exact. Times stay text,
// so that a state is plain JSON.
const parsers: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8) return exactInteger;
    if (oid === TIMESTAMPTZ) return toIsoTime;
    return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text');
  }) as typeof pg.types.getTypeParser,
};

function exactInteger(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : BigInt(text);
}

export interface DatabaseOptions {
  readonly poolSize?: number;
  readonly onError?: (error: Error) => void;
  /** How the server lists the connections. */
  readonly applicationName?: string;
  /** Whether a statement may take as long as it likes: for commands that move much at once. */
  readonly patient?: boolean;
}

const STATEMENT_MS = 10_000;
// The server ends a statement that takes too long. Where the server itself is silent, the driver does.
const SILENCE_MS = STATEMENT_MS + 5_000;

/**
 * What every connection is set to, whatever the server, the database or the role have as their own. It is said in a
 * statement, because a connection pooler lets no settings through at the beginning of a connection.
 */
function sessionSettings(patient: boolean): string {
  const settings = {
    plan_cache_mode: 'force_generic_plan',
    enable_seqscan: 'off',
    jit: 'off',
    timezone: 'UTC',
    datestyle: 'ISO, MDY',
    bytea_output: 'hex',
    standard_conforming_strings: 'on',
    default_transaction_isolation: 'read committed',
    default_transaction_deferrable: 'off',
    lock_timeout: '0',
    statement_timeout: patient ? '0' : String(STATEMENT_MS),
    idle_in_transaction_session_timeout: patient ? '0' : '30000',
  };
  const words = Object.entries(settings)
    .filter(([name]) => !patient || !['plan_cache_mode', 'enable_seqscan'].includes(name))
    .map(([name, value]) => `set ${name} = '${value}'`);
  return [...words, NO_LIMITS].join('; ');
}

/** Limits of newer servers that would end what waits for the next statement. */
export const NO_LIMITS = `select set_config(name, '0', false)
  from (values ('idle_session_timeout', 140000), ('transaction_timeout', 170000)) limits(name, since)
  where current_setting('server_version_num')::int >= since`;

/** Opens a pool on a database. It connects at the first statement. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const patient = options.patient === true;
  const settings = sessionSettings(patient);
  const place = databaseLocation(url);
  const pool = new pg.Pool({
    ...connectionOf(url),
    max: options.poolSize ?? 10,
    types: parsers,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    // Migration 0004 of orders knows processes of earlier versions by the name 'tradepost'.
    application_name: options.applicationName ?? 'tradepost pool',
    verify: (client, done) => {
      client.query(settings).then(() => done(), done);
    },
  });
  // While a connection passes from the pool to who asked for it nobody listens, and its loss would end the process: the
  // server's last words may come with its last answer. The next statement finds out.
  pool.on('connect', (client) => client.on('error', () => undefined));
  let closing = false;
  pool.on('error', (error) => {
    if (!closing) options.onError?.(error);
  });
  const writes = watchWrites({ attempt: () => probePostgres(onPool), faultOf: postgresWriteFault });
  const known = (error: unknown): unknown => {
    writes.failed(error);
    return translate(error);
  };
  const silence = patient ? {} : { query_timeout: SILENCE_MS };
  // A script says itself how long it may take, such as one that waits for the migrations of another process.
  const timed = (query: pg.QueryConfig): pg.QueryConfig =>
    query.values === undefined ? query : { ...query, ...silence };
  const onPool = sqlOver((query) => again(() => pool.query(timed(query))), known);

  let heard = (): void => undefined;
  const hide = exposeDatabase({ place, pool, writable: writes.check });

  return {
    url,
    place,
    ...onPool,
    transaction: (work) => transactionOn(pool, { known, committed: writes.succeeded }, work),
    ping: () => onPool.script('select 1'),
    writable: writes.check,
    announced() {
      writes.succeeded();
      heard();
    },
    onAnnounced(listener) {
      heard = listener;
    },
    async close() {
      closing = true;
      hide();
      await pool.end();
    },
  };
}

interface Outcomes {
  /** The platform's error for one of the driver. */
  readonly known: (error: unknown) => unknown;
  readonly committed: () => void;
}

async function transactionOn<T>(
  pool: pg.Pool,
  { known, committed }: Outcomes,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((error: unknown) => {
    throw known(error);
  });
  let open = true;
  const sql = sqlOver((config) => {
    if (!open) throw new Error('a transaction was used after its end');
    return client.query(config);
  }, known);
  let broken: Error | undefined;
  // Without a listener the loss of a connection between two statements would end the process.
  const lost = (error: Error): void => {
    broken = error;
  };
  client.on('error', lost);
  try {
    await client.query('begin');
    const result = await work(sql);
    // After a failed statement that `work` passed over, PostgreSQL answers a commit with a rollback.
    const { command } = await client.query('commit');
    if (command !== 'COMMIT') throw new Error('a transaction was rolled back, because a statement in it had failed');
    committed();
    return result;
  } catch (error) {
    await client.query('rollback').catch((failure: Error) => {
      broken = failure;
    });
    throw known(error);
  } finally {
    open = false;
    client.off('error', lost);
    client.release(broken);
  }
}

const ATTEMPTS = 4;

// A statement on the pool is a transaction of its own: undone, it did nothing, and may simply be sent again.
async function again<T>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (attempt === ATTEMPTS || !wasUndone(error)) throw error;
    }
  }
}

function sqlOver(send: (config: pg.QueryConfig) => Promise<pg.QueryResult>, known: (error: unknown) => unknown): Sql {
  return {
    async query<Row extends object>({ name, text }: Statement, values: readonly unknown[] = []) {
      try {
        const result = await send({ name, text, values: values as unknown[] });
        return result.rows as Row[];
      } catch (error) {
        throw known(error);
      }
    },
    async script(text) {
      try {
        await send({ text });
      } catch (error) {
        throw known(error);
      }
    },
  };
}
