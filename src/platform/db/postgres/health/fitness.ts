import pg from 'pg';
import { connectionOf } from '../address.ts';
import { databaseReason, translate } from '../faults.ts';
import type { Database } from '../postgres.ts';
import { UnfitDatabase } from '../unfit.ts';

/** The oldest version that the PostgreSQL project still cares for, and that the tests run on. */
const OLDEST = 15;
const TIMEOUT_MS = 3_000;
const TURNS = 8;

interface Server {
  readonly version: number;
  readonly encoding: string;
  readonly readOnly: boolean;
}

const LOOK = `select current_setting('server_version_num')::int / 10000 as version,
  current_setting('server_encoding') as encoding,
  pg_is_in_recovery() or current_setting('transaction_read_only')::bool as "readOnly"`;

const fit = new WeakMap<Database, Promise<void>>();

/** Looks once whether a database can be stood on. Throws UnfitDatabase with a sentence, and what the driver throws. */
export function checkFitness(db: Database): Promise<void> {
  const known = fit.get(db);
  if (known) return known;
  const looking = look(db);
  fit.set(db, looking);
  looking.catch(() => fit.delete(db));
  return looking;
}

async function look(db: Database): Promise<void> {
  const [server] = await db.query<Server>({ name: '', text: LOOK });
  if (!server) throw new UnfitDatabase(`The database at ${db.place} does not say what it is.`);
  const { version, encoding, readOnly } = server;
  if (version < OLDEST) {
    throw new UnfitDatabase(
      `The database at ${db.place} is PostgreSQL ${version}; Tradepost needs PostgreSQL ${OLDEST} or newer.`,
    );
  }
  if (encoding !== 'UTF8') {
    throw new UnfitDatabase(
      `The database at ${db.place} is encoded in ${encoding}, and Tradepost needs UTF8: create another one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0, and name that.`,
    );
  }
  if (readOnly) {
    throw new UnfitDatabase(
      `The database at ${db.place} is read-only; name the primary server in DATABASE_URL or POSTGRES_HOST, or turn default_transaction_read_only off.`,
    );
  }
  if (await sharesSessions(db.url)) {
    throw new UnfitDatabase(
      `At ${db.place} is a connection pooler that lends a session for a transaction only; Tradepost keeps prepared statements, locks and LISTEN in a session. Set pool_mode = session in PgBouncer, or name PostgreSQL itself.`,
    );
  }
}

/** Whether two connections get the same session of the server, or one gets several. */
async function sharesSessions(url: string): Promise<boolean> {
  const [one, other] = [client(url), client(url)];
  try {
    await one.connect();
    const first = await sessionOf(one);
    // PostgreSQL itself tells the number of the process that serves; a pooler tells one of its own.
    if ((one as unknown as { processID: number | null }).processID === first) return false;
    await other.connect();
    for (let turn = 0; turn < TURNS; turn++) {
      // The other one is in a transaction meanwhile, so that it keeps what it got.
      const lent = await begun(other);
      if (lent === undefined) return (await answer(one)) !== first;
      if (lent === first || (await answer(one)) !== first) return true;
      await other.query('rollback');
    }
    return false;
  } catch (error) {
    throw translate(error);
  } finally {
    for (const each of [one, other]) void each.end().catch(() => undefined);
  }
}

function client(url: string): pg.Client {
  const made = new pg.Client({
    ...connectionOf(url),
    application_name: 'tradepost check',
    connectionTimeoutMillis: 5_000,
    query_timeout: TIMEOUT_MS,
  });
  // An end of the connection is told by the query that it interrupts.
  made.on('error', () => undefined);
  return made;
}

async function sessionOf(one: pg.Client): Promise<number> {
  const { rows } = await one.query<{ pid: number }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
}

/** The session that a transaction got; undefined when there was none left for it. */
async function begun(one: pg.Client): Promise<number | undefined> {
  return one
    .query('begin')
    .then(() => sessionOf(one))
    .catch(() => undefined);
}

/** The session that answers; undefined when none is left, because the other one has it. */
const answer = (one: pg.Client): Promise<number | undefined> => sessionOf(one).catch(() => undefined);

/** The sentence for a migration that the user may not run; undefined for any other error. */
export async function missingRight(db: Database, error: unknown): Promise<UnfitDatabase | undefined> {
  const cause = (error as { cause?: unknown }).cause ?? error;
  if ((cause as { code?: string }).code !== '42501') return undefined;
  const text = `select quote_ident(current_user) as role, quote_ident(current_database()) as here`;
  const [row] = await db.query<{ role: string; here: string }>({ name: '', text });
  const { role, here } = row ?? { role: '…', here: '…' };
  return new UnfitDatabase(
    `The user ${role} lacks a right that the migrations need in the database ${here} (${databaseReason(cause)}); let its owner run: GRANT CREATE ON DATABASE ${here} TO ${role}; and where another user made the schemas tradepost_…, migrate as that user.`,
  );
}
