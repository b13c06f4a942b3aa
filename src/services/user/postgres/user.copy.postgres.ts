import type { PortableRow, PostgresLocation, PostgresTable } from '../../../platform/db/transfer/portable.ts';
import {
  countInPostgres,
  endingAt,
  insertRows,
  pageInPostgres,
  plainTable,
  postgresPlatformTables,
} from '../../../platform/db/transfer/postgres/tables.ts';

/** What accounts keep in PostgreSQL, in its portable form. How many admins there are is counted by the table itself. */
export function userCopyPostgres(place: PostgresLocation): readonly PostgresTable[] {
  return [
    plainTable(place, 'users', ['user_id']),
    sessions(place),
    signingKeys(place),
    ...postgresPlatformTables(place, { users: 'user_ids', sessions: 'sessions_session_id_seq' }),
  ];
}

const SESSION = [
  { name: 'session_id', type: 'bigint' },
  { name: 'user_id', type: 'bigint' },
  { name: 'password_version', type: 'integer' },
  { name: 'token_hash', type: 'bytea' },
  { name: 'created_at', type: 'timestamptz' },
  { name: 'last_used_at', type: 'timestamptz' },
  { name: 'expires_at', type: 'timestamptz' },
  { name: 'revoked_at', type: 'timestamptz' },
];

const TOKEN = [
  { name: 'hash', type: 'bytea' },
  { name: 'session_id', type: 'bigint' },
];

/** A session is a row, with every token that it has had. */
function sessions({ db, schema }: PostgresLocation): PostgresTable {
  const from = `(select session_id, user_id, password_version, encode(token_hash, 'hex') as token_hash,
      created_at, last_used_at, expires_at, revoked_at,
      array(select encode(hash, 'hex') from ${schema}.session_tokens t where t.session_id = s.session_id order by 1) as tokens
    from ${schema}.sessions s) all_sessions`;
  const key = ['session_id'];
  return {
    name: 'sessions',
    key,
    count: () => countInPostgres(db, `select count(*) as count from ${schema}.sessions`),
    read: async (after, limit) => endingAt(await pageInPostgres(db, { select: '*', from, key }, after, limit), key),
    async write(sql, rows) {
      await insertRows(sql, `${schema}.sessions`, SESSION, rows);
      await insertRows(sql, `${schema}.session_tokens`, TOKEN, rows.flatMap(tokensOf));
    },
  };
}

function tokensOf({ session_id, tokens }: PortableRow): PortableRow[] {
  return (tokens as string[]).map((hash) => ({ hash, session_id }));
}

/** The key that counts: there is one. */
function signingKeys({ db, schema }: PostgresLocation): PostgresTable {
  const from = `(select kid, jwk, created_at from ${schema}.signing_keys where active) good`;
  const key = ['kid'];
  return {
    name: 'signing_keys',
    key,
    count: () => countInPostgres(db, `select count(*) as count from ${schema}.signing_keys where active`),
    read: async (after, limit) => endingAt(await pageInPostgres(db, { select: '*', from, key }, after, limit), key),
    async write(sql, rows) {
      const text = `insert into ${schema}.signing_keys (kid, jwk, active, created_at)
        select kid, jwk, true, created_at from json_to_recordset($1::json) as k(kid text, jwk json, created_at timestamptz)`;
      await sql.query({ name: '', text }, [JSON.stringify(rows)]);
    },
  };
}
