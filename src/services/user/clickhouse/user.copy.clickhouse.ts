import {
  clickhousePlatformTables,
  countInClickHouse,
  mapped,
  PATIENT,
  pageInClickHouse,
  statesTable,
} from '../../../platform/db/transfer/clickhouse/tables.ts';
import type { ClickHouseLocation, ClickHouseTable, PortableRow } from '../../../platform/db/transfer/portable.ts';

const USERS = { table: 'users', key: 'user_id', json: ['address'], secrets: ['password_hash'] };

/** What accounts keep in ClickHouse, in its portable form. */
export function userCopyClickHouse(place: ClickHouseLocation): readonly ClickHouseTable[] {
  return [statesTable(place, USERS), sessions(place), signingKeys(place), ...clickhousePlatformTables(place, USERS)];
}

/** A session is a row, with every token that it has had: those are in the rows of what happened to it. */
function sessions(place: ClickHouseLocation): ClickHouseTable {
  const { engine, database } = place;
  const table = `${database}.sessions`;
  const newest = `select session_id, user_id, password_version, token_hash, created_at, last_used_at, expires_at, revoked_at
    from ${table} where session_id > {after:UInt64}
    order by session_id, position desc limit 1 by session_id limit {limit:UInt32}`;
  const had = `select session_id, arraySort(groupUniqArray(token_hash)) as tokens from ${table}
    where session_id in {ids:Array(UInt64)} group by session_id`;
  return {
    name: 'sessions',
    key: ['session_id'],
    count: () => countInClickHouse(place, `select uniqExact(session_id) as count from ${table}`),
    async read(after, limit) {
      const rows = await engine.query<{ session_id: number }>(newest, { after: after?.[0] ?? 0, limit }, PATIENT);
      const last = rows.at(-1);
      if (!last) return undefined;
      const ids = rows.map(({ session_id }) => session_id);
      const found = await engine.query<{ session_id: number; tokens: string[] }>(had, { ids }, PATIENT);
      const tokens = new Map(found.map((one) => [one.session_id, one.tokens]));
      return { rows: rows.map((row) => ({ ...row, tokens: tokens.get(row.session_id) })), end: [last.session_id] };
    },
    blocks: (rows) => [{ table: 'sessions', placed: true, rows: rows.flatMap(happenings) }],
  };
}

/** A row for each token that was good before, and the newest one last, which is the session. */
function happenings({ tokens, ...session }: PortableRow): object[] {
  const before = (tokens as string[]).filter((token) => token !== session.token_hash);
  return [...before.map((token_hash) => ({ ...session, token_hash })), session];
}

/** The first key counts. */
function signingKeys(place: ClickHouseLocation): ClickHouseTable {
  const from = `(select kid, jwk, created_at from ${place.database}.signing_keys order by position limit 1)`;
  return {
    name: 'signing_keys',
    key: ['kid'],
    count: () => countInClickHouse(place, `select count() as count from ${from}`),
    read: async (after, limit) =>
      mapped(await pageInClickHouse(place, { select: '*', from, order: { kid: 'String' } }, after, limit), (row) => {
        return { ...row, jwk: JSON.parse(String(row.jwk)) };
      }),
    blocks: (rows) => {
      const keys = rows.map((row) => ({ ...row, jwk: JSON.stringify(row.jwk) }));
      return [{ table: 'signing_keys', placed: true, rows: keys }];
    },
  };
}
