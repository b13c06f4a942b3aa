import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { Continued, KeptSession, SessionRepository } from '../user.repository.ts';

/** Sessions in PostgreSQL; each act is one statement. */
export function sessionsPostgres({ schema, db }: PostgresStore): SessionRepository {
  const statements = sessionStatements(schema);
  return {
    async open({ user_id, password_version }, tokenHash, { now, until }) {
      const values = [user_id, password_version, tokenHash, now, until];
      const [row] = await db.query<{ session_id: number }>(statements.open, values);
      if (!row) throw new Error('a session was not kept');
      return row.session_id;
    },
    async rotate(from, to, { now, until }) {
      const [row] = await db.query<Continued>(statements.rotate, [from, to, now, until]);
      return row;
    },
    async list(user_id, now, { limit, cursor }) {
      const before = cursorId(cursor) ?? Number.MAX_SAFE_INTEGER;
      const rows = await db.query<KeptSession>(statements.list, [user_id, now, before, limit + 1]);
      return pageOf(rows, limit, (row) => row.session_id);
    },
    async end(user_id, session_id, now) {
      return (await db.query(statements.end, [user_id, session_id, now])).length > 0;
    },
    async keep({ user_id, password_version }, session_id) {
      await db.query(statements.keep, [user_id, session_id, password_version]);
    },
    async forget(now) {
      await db.query(statements.forget, [now]);
    },
  };
}

type Statements = Record<keyof SessionRepository, { name: string; text: string }>;

function sessionStatements(schema: string): Statements {
  const named = (name: string, text: string) => ({ name: `${schema} session ${name}`, text });
  return {
    open: named(
      'open',
      `with opened as (
        insert into ${schema}.sessions (user_id, password_version, token_hash, created_at, last_used_at, expires_at)
        values ($1, $2, $3, $4, $4, $5) returning session_id, token_hash),
      issued as (insert into ${schema}.session_tokens (hash, session_id) select token_hash, session_id from opened)
      select session_id from opened`,
    ),
    // Whether the token is the newest is asked of the locked row, so of many uses at once exactly one is the first;
    // every other one finds the session, and ends it.
    rotate: named(
      'rotate',
      `with used as (
        update ${schema}.sessions s set
          token_hash = case when s.token_hash = $1::bytea then $2::bytea else s.token_hash end,
          last_used_at = case when s.token_hash = $1::bytea then $3::timestamptz else s.last_used_at end,
          expires_at = case when s.token_hash = $1::bytea then $4::timestamptz else s.expires_at end,
          revoked_at = case when s.token_hash = $1::bytea then null else $3::timestamptz end
        from ${schema}.session_tokens t, ${schema}.users u
        where t.hash = $1::bytea and s.session_id = t.session_id and u.user_id = s.user_id
          and s.password_version = u.password_version and s.revoked_at is null and s.expires_at > $3::timestamptz
        returning s.session_id, s.user_id, s.revoked_at is null as continued),
      issued as (
        insert into ${schema}.session_tokens (hash, session_id) select $2::bytea, session_id from used where continued)
      select session_id, user_id from used where continued`,
    ),
    list: named(
      'list',
      `select s.session_id, s.created_at, s.last_used_at, s.expires_at
      from ${schema}.sessions s join ${schema}.users u using (user_id, password_version)
      where s.user_id = $1 and s.revoked_at is null and s.expires_at > $2 and s.session_id < $3
      order by s.session_id desc limit $4`,
    ),
    end: named(
      'end',
      `update ${schema}.sessions set revoked_at = $3
      where user_id = $1 and session_id = $2 and revoked_at is null returning session_id`,
    ),
    keep: named(
      'keep',
      `update ${schema}.sessions set password_version = $3
      where user_id = $1 and session_id = $2 and revoked_at is null`,
    ),
    forget: named('forget', `delete from ${schema}.sessions where expires_at < $1`),
  };
}
