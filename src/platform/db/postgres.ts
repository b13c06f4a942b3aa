import pg from 'pg';
import { AppError, common, invalid } from '../errors.ts';

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
  /** Runs `work` in one transaction on one connection. Using its `Sql` afterwards throws. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>;
  /** Throws when the server does not answer. */
  ping(): Promise<void>;
  /** To be called after a commit that put events into an outbox: it wakes the relay. */
  announced(): void;
  onAnnounced(listener: () => void): void;
  close(): Promise<void>;
}

const INT8 = 20;
const TIMESTAMPTZ = 1184;

// bigint columns hold ids and minor units below 2^53; times stay text, so that a state is plain JSON.
const parsers: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === INT8) return Number;
    if (oid === TIMESTAMPTZ) return toIsoTime;
    return format === 'binary' ? pg.types.getTypeParser(oid, 'binary') : pg.types.getTypeParser(oid, 'text');
  }) as typeof pg.types.getTypeParser,
};

/** `2026-11-21 08:45:00.12+00` to `2026-11-21T08:45:00.120Z`; connections run in UTC. */
function toIsoTime(text: string): string {
  return new Date(`${text.slice(0, 10)}T${text.slice(11).replace(/\+00$/, 'Z')}`).toISOString();
}

export interface DatabaseOptions {
  readonly poolSize?: number;
  readonly onError?: (error: Error) => void;
}

/** Opens a pool on a database. It connects at the first statement. */
export function openDatabase(url: string, options: DatabaseOptions = {}): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.poolSize ?? 10,
    types: parsers,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: 'tradepost',
    options:
      '-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c jit=off -c timezone=UTC -c statement_timeout=10000 -c idle_in_transaction_session_timeout=30000',
  });
  let closing = false;
  pool.on('error', (error) => {
    if (!closing) options.onError?.(error);
  });
  const onPool = sqlOver((query) => again(() => pool.query(query)));

  async function transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
    const client = await pool.connect().catch(fail);
    let open = true;
    const sql = sqlOver((config) => {
      if (!open) throw new Error('a transaction was used after its end');
      return client.query(config);
    });
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
      return result;
    } catch (error) {
      await client.query('rollback').catch((failure: Error) => {
        broken = failure;
      });
      throw translate(error);
    } finally {
      open = false;
      client.off('error', lost);
      client.release(broken);
    }
  }

  let heard = (): void => undefined;

  return {
    url,
    ...onPool,
    transaction,
    ping: () => onPool.script('select 1'),
    announced: () => heard(),
    onAnnounced(listener) {
      heard = listener;
    },
    async close() {
      closing = true;
      await pool.end();
    },
  };
}

/** What PostgreSQL undoes so that others may go on: serialization failures and deadlocks. */
const UNDONE = /^(40001|40P01)$/;
const ATTEMPTS = 4;

// A statement on the pool is a transaction of its own: undone, it did nothing, and may simply be sent again.
async function again<T>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await send();
    } catch (error) {
      if (attempt === ATTEMPTS || !UNDONE.test((error as { code?: string }).code ?? '')) throw error;
    }
  }
}

function sqlOver(send: (config: pg.QueryConfig) => Promise<pg.QueryResult>): Sql {
  return {
    async query<Row extends object>({ name, text }: Statement, values: readonly unknown[] = []) {
      try {
        const result = await send({ name, text, values: values as unknown[] });
        return result.rows as Row[];
      } catch (error) {
        throw translate(error);
      }
    },
    async script(text) {
      await send({ text }).catch(fail);
    },
  };
}

function fail(error: unknown): never {
  throw translate(error);
}

/** SQLSTATE classes that say: the server or the way to it is the fault, not the statement. */
const UNAVAILABLE = /^(08|53|57|58)/;
/** Text that PostgreSQL cannot keep. */
const UNSTORABLE = /^(22021|22P05)$/;
// Half a character in a JSON document is refused as such; of other types it is a fault of ours.
const BAD_TEXT = '22P02';
const NETWORK = /ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOENT|Connection terminated|timeout exceeded|Client has/;

function translate(error: unknown): unknown {
  if (error instanceof AppError || !(error instanceof Error)) return error;
  const { code } = error as { code?: string };
  if ((code && UNAVAILABLE.test(code)) || NETWORK.test(code ?? '') || NETWORK.test(error.message)) {
    return Object.assign(common.UNAVAILABLE(), { cause: error });
  }
  if ((code && UNSTORABLE.test(code)) || (code === BAD_TEXT && error.message.includes('type json'))) {
    return invalid('text may not contain the character U+0000 or half a character');
  }
  return error;
}

/** The constraint that refused a row, if that is what the error says. */
export function violatedConstraint(error: unknown): string | undefined {
  const { code, constraint } = error as { code?: string; constraint?: string };
  return code?.startsWith('23') ? constraint : undefined;
}

/** Whether the error lies in a row's values, so that nothing of its statement was written. */
export function faultOfOneRow(error: unknown): boolean {
  if (error instanceof AppError) return error.kind === 'invalid';
  const { code } = error as { code?: string };
  return code !== undefined && /^(22|23|40|P0)/.test(code);
}
