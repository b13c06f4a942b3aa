import { mutate } from '../../../platform/db/clickhouse/mutation.ts';
import type { ClickHouseStore } from '../../../platform/db/clickhouse/store/store.ts';
import { coalesce } from '../../../platform/db/coalesce.ts';
import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import type { KeptSession, SessionRepository } from '../user.repository.ts';

/** A session after one of the things that happened to it. */
interface Row extends KeptSession {
  readonly user_id: number;
  readonly password_version: number;
  readonly token_hash: string;
  readonly revoked_at: string | null;
}

const COLUMNS: readonly (keyof Row)[] = [
  'session_id',
  'user_id',
  'password_version',
  'token_hash',
  'created_at',
  'last_used_at',
  'expires_at',
  'revoked_at',
];

// A parameter of the type itself takes no Z.
const NOW = "parseDateTime64BestEffort({now:String}, 3, 'UTC')";

/** A look at every row. */
const ALL_ROWS = { seconds: 60 };

/** Sessions in ClickHouse: a row for each thing that happens to one. */
export function sessionsClickHouse(store: ClickHouseStore): SessionRepository {
  const { database, engine } = store;
  const table = `${database}.sessions`;
  const nextId = store.ids('sessions', { table: 'sessions', column: 'session_id' }).next;
  const happen = sessionActs(store);
  const listed = `select session_id, created_at, last_used_at, expires_at from (
      select ${COLUMNS.join(', ')} from ${table} where user_id = {user_id:UInt64} and session_id < {before:UInt64}
      order by session_id desc, position desc limit 1 by session_id)
    where revoked_at is null and expires_at > ${NOW} and password_version = (
      select max(password_version) from ${database}.users where user_id = {user_id:UInt64})
    order by session_id desc limit {limit:UInt32}`;
  const expired = `select session_id from ${table}
    group by session_id having argMax(expires_at, position) < ${NOW}`;

  return {
    async open({ user_id, password_version }, tokenHash, { now, until }) {
      const session_id = await nextId();
      const token_hash = tokenHash.toString('hex');
      const times = { created_at: now, last_used_at: now, expires_at: until, revoked_at: null };
      await happen({ change: () => ({ session_id, user_id, password_version, token_hash, ...times }) });
      return session_id;
    },
    async rotate(from, to, { now, until }) {
      const token = from.toString('hex');
      const row = await happen({
        token,
        change(session, password_version) {
          if (!session || session.password_version !== password_version || !isOpen(session, now)) return undefined;
          if (session.token_hash !== token) return { ...session, revoked_at: now };
          return { ...session, token_hash: to.toString('hex'), last_used_at: now, expires_at: until };
        },
      });
      return row?.revoked_at === null ? { session_id: row.session_id, user_id: row.user_id } : undefined;
    },
    async list(user_id, now, { limit, cursor }) {
      const before = cursorId(cursor) ?? Number.MAX_SAFE_INTEGER;
      const rows = await engine.query<KeptSession>(listed, { user_id, now, before, limit: limit + 1 });
      return pageOf(rows, limit, (row) => row.session_id);
    },
    async end(user_id, session_id, now) {
      const change = whenOf(user_id, (session) => ({ ...session, revoked_at: now }));
      return (await happen({ session_id, change })) !== undefined;
    },
    async keep({ user_id, password_version }, session_id) {
      await happen({ session_id, change: whenOf(user_id, (session) => ({ ...session, password_version })) });
    },
    async forget(now) {
      const [row] = await engine.query(`${expired} limit 1`, { now }, ALL_ROWS);
      if (row) await mutate(engine, table, `delete where session_id in (${expired})`, { now });
    },
  };
}

const isOpen = ({ revoked_at, expires_at }: Row, now: string): boolean =>
  revoked_at === null && Date.parse(expires_at) > Date.parse(now);

function whenOf(user_id: number, change: (session: Row) => Row): Act['change'] {
  return (session) => (session?.user_id === user_id && session.revoked_at === null ? change(session) : undefined);
}

/** Something that happens to the session with this id, or to the one that has ever had this token. */
interface Act {
  readonly session_id?: number;
  readonly token?: string;
  /** What becomes of it; undefined: nothing happens. `password_version` is the one that its account has. */
  readonly change: (session: Row | undefined, password_version: number) => Row | undefined;
}

interface Known {
  readonly session: Row;
  readonly wanted: number;
  readonly tokens: readonly string[];
}

/** The hashes of so many tokens fit into the address of a request. */
const LARGEST_BLOCK = 128;

/**
 * Lets things happen to sessions, and answers what became of each. Those that come at once are decided one after the
 * other, each on what the one before left, and written as one block: of many uses of a token exactly one is the first.
 */
function sessionActs(store: ClickHouseStore): (act: Act) => Promise<Row | undefined> {
  const into = store.writer('sessions');
  const lookUp = finder(store);

  return coalesce<Act, Row | undefined>({
    name: 'sessions',
    maxBatch: LARGEST_BLOCK,
    run: (acts) =>
      into.write(async () => {
        const known = await lookUp(acts);
        const sessions = new Map(known.map(({ session }) => [session.session_id, session]));
        const wanted = new Map(known.map((one) => [one.session.session_id, one.wanted]));
        const byToken = new Map(
          known.flatMap(({ session, tokens }) => tokens.map((token) => [token, session.session_id])),
        );
        const answer = acts.map(({ session_id, token = '', change }) => {
          const id = session_id ?? byToken.get(token) ?? 0;
          const row = change(sessions.get(id), wanted.get(id) ?? 0);
          if (row) sessions.set(row.session_id, row);
          return row;
        });
        return { rows: answer.filter((row) => row !== undefined), answer };
      }),
  });
}

/** The sessions that acts are about, with the password version of their accounts. */
function finder({ database, engine }: ClickHouseStore): (acts: readonly Act[]) => Promise<Known[]> {
  const table = `${database}.sessions`;
  const columns = COLUMNS.join(', ');
  const meant = `session_id in {ids:Array(UInt64)}
    or session_id in (select session_id from ${table} where token_hash in {tokens:Array(String)})`;
  const text = `select ${columns}, tokens, wanted from (
      select ${columns}, groupUniqArrayIf(token_hash, token_hash in {tokens:Array(String)})
        over (partition by session_id) as tokens
      from ${table} where ${meant} order by session_id, position desc limit 1 by session_id) as sessions
    left join (
      select user_id, max(password_version) as wanted from ${database}.users
      where user_id in (select user_id from ${table} where ${meant}) group by user_id) as accounts using (user_id)`;

  return async (acts) => {
    const ids = acts.flatMap(({ session_id }) => session_id ?? []);
    const tokens = acts.flatMap(({ token }) => token ?? []);
    if (ids.length + tokens.length === 0) return [];
    const rows = await engine.query<Row & Omit<Known, 'session'>>(text, {
      ids: [...new Set(ids)],
      tokens: [...new Set(tokens)],
    });
    return rows.map(({ wanted, tokens: had, ...session }) => ({ session, wanted, tokens: had }));
  };
}
