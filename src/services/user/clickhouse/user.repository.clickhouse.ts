import type { JWK } from 'jose';
import type { AppError } from '../../../platform/contract/errors.ts';
import { mutate } from '../../../platform/db/clickhouse/mutation.ts';
import type { ClickHouseStore, States } from '../../../platform/db/clickhouse/store/store.ts';
import type { NewestRows } from '../../../platform/db/clickhouse/store/table.ts';
import { coalesce } from '../../../platform/db/coalesce.ts';
import { USER_COLUMNS } from '../user.columns.ts';
import { userErrors, usernameKey } from '../user.contract.ts';
import type { UserState } from '../user.model.ts';
import type { UserRepository } from '../user.repository.ts';
import { sessionsClickHouse } from './user.sessions.clickhouse.ts';

/** Accounts in ClickHouse: a row for each version of an account, of which only the newest keeps what is secret. */
export function userClickHouse(store: ClickHouseStore): UserRepository {
  const { database, engine } = store;
  const users: States<UserState> = store.states<UserState>({
    table: 'users',
    key: 'user_id',
    columns: USER_COLUMNS,
    secrets: ['password_hash'],
    unique: [
      {
        column: 'username_key',
        type: 'String',
        of: ({ username }) => usernameKey(username),
        error: userErrors.NAME_TAKEN,
      },
      {
        column: 'founder_key',
        type: 'UInt64',
        of: ({ founder }) => (founder ? 1 : undefined),
        error: userErrors.FOUNDED,
      },
    ],
    refuse: (changes) => lastAdmins(store, users, changes),
  });
  const byName = users.by<string>('username_key', 'String');
  // Every registration asks.
  const empty = coalesce<undefined, boolean>({
    name: 'user is empty',
    run: async (asked) => {
      const rows = await engine.query(`select 1 from ${database}.users limit 1`);
      return asked.map(() => rows.length === 0);
    },
  });

  return {
    ids: store.ids('users', { table: 'users', column: 'user_id' }),
    async get(user_id) {
      const found = await users.get(user_id);
      if (!found) throw userErrors.NOT_FOUND();
      return found;
    },
    findByName: (username) => byName(usernameKey(username)),
    list: (page) => users.list({}, 'asc', page),
    save: users.save,
    isEmpty: () => empty(undefined),
    // Of two rows of one version the later one is the account.
    rehash: (user_id, from, to) =>
      users.writer.write(async () => {
        const user = await users.get(user_id);
        if (user?.password_hash !== from) return { rows: [], answer: undefined };
        const row = { ...user, password_hash: to, address: JSON.stringify(user.address), events: '[]' };
        return { rows: [row], answer: undefined };
      }),
    forgetEarlier: blanker(store),
    sessions: sessionsClickHouse(store),
    signingKey: keyKeeper(store),
  };
}

/**
 * LAST_ADMIN for each change that would leave no admin. A change of a version that is not the newest takes no
 * office from anybody: it is stale. Who becomes an admin in the same block does not count yet.
 */
async function lastAdmins(
  { database, engine }: ClickHouseStore,
  users: NewestRows<UserState>,
  changes: readonly UserState[],
): Promise<(AppError | undefined)[]> {
  if (changes.every(({ version, role }) => version === 0 || role === 'admin')) return [];
  // Roles change, so the index tells who has ever been one: few, whatever the number of accounts.
  const ever = users.newest(`user_id in (select user_id from ${database}.users where role = 'admin')`);
  const rows = await engine.query<{ user_id: number; version: number }>(
    `select user_id, version from (${ever}) where role = 'admin'`,
  );
  const admins = new Map(rows.map(({ user_id, version }) => [user_id, version]));
  return changes.map(({ user_id, version, role }) => {
    if (role === 'admin' || admins.get(user_id) !== version) return undefined;
    if (admins.size === 1) return userErrors.LAST_ADMIN();
    admins.delete(user_id);
    return undefined;
  });
}

/** A look at every row, as the first one after a start is. */
const ALL_ROWS = { seconds: 60 };

/**
 * Blanks rows instead of deleting them: they still say that a request was answered and an event handled. The events
 * go too once they are published, as they do from an outbox: they tell of a person what may have changed since.
 */
function blanker({ database, engine }: ClickHouseStore): UserRepository['forgetEarlier'] {
  const table = `${database}.users`;
  const touched = `user_id in (
    select user_id from ${table} where position > {seen:UInt64} and position <= {published:UInt64})`;
  const earlier = `position <= {published:UInt64} and password_hash != '' and ${touched}
    and (user_id, position) not in (
      select user_id, max(position) from ${table} where position <= {published:UInt64} and ${touched} group by user_id)`;
  const personal = ['display_name', 'email', 'phone', 'locale'].map(
    (name) => `${name} = if(request_key = '', null, ${name})`,
  );
  const blank = `update password_hash = '', events = '[]', ${personal.join(', ')},
    address = if(request_key = '', 'null', address) where ${earlier}`;
  let seen = 0;

  return async () => {
    const mark = `select max(position) as published from ${database}.relay`;
    const [{ published } = { published: 0 }] = await engine.query<{ published: number }>(mark);
    if (published === seen) return;
    const params = { seen, published };
    const [row] = await engine.query(`select 1 from ${table} where ${earlier} limit 1`, params, ALL_ROWS);
    if (row) await mutate(engine, table, blank, params);
    seen = published;
  };
}

function keyKeeper({ database, engine, writer }: ClickHouseStore): UserRepository['signingKey'] {
  const into = writer('signing_keys');
  async function first(): Promise<JWK | undefined> {
    const [row] = await engine.query<{ jwk: string }>(
      `select jwk from ${database}.signing_keys order by position limit 1`,
    );
    return row && (JSON.parse(row.jwk) as JWK);
  }
  return async (make, now) => {
    const known = await first();
    if (known) return known;
    const jwk = await make();
    return into.write(async () => {
      // Another process may have been first: then its key is the one that counts.
      const there = await first();
      if (there) return { rows: [], answer: there };
      return { rows: [{ kid: jwk.kid, jwk: JSON.stringify(jwk), created_at: now }], answer: jwk };
    });
  };
}
