import type { JWK } from 'jose';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import { USER_COLUMNS } from '../user.columns.ts';
import { userErrors, usernameKey } from '../user.contract.ts';
import type { UserState } from '../user.model.ts';
import type { UserRepository } from '../user.repository.ts';
import { sessionsPostgres } from './user.sessions.postgres.ts';

const CONFLICTS = {
  users_username: () => userErrors.NAME_TAKEN(),
  users_founder: () => userErrors.FOUNDED(),
  an_admin_remains: () => userErrors.LAST_ADMIN(),
};

/** Accounts in PostgreSQL. */
export function userPostgres(store: PostgresStore): UserRepository {
  const { schema, db } = store;
  const users = store.table<UserState>({
    table: 'users',
    key: 'user_id',
    columns: USER_COLUMNS,
    secrets: ['password_hash'],
    conflicts: CONFLICTS,
  });
  const statement = (name: string, text: string) => ({ name: `${schema} ${name}`, text });
  const findByName = users.by<string>('name', 'lower(username collate "C")', (state) => usernameKey(state.username));
  const empty = statement('empty', `select not exists (select from ${schema}.users) as empty`);
  const rehash = statement(
    'rehash',
    `update ${schema}.users set password_hash = $3 where user_id = $1 and password_hash = $2`,
  );

  return {
    ids: store.ids('user_ids'),
    async get(user_id) {
      const found = await users.get(user_id);
      if (!found) throw userErrors.NOT_FOUND();
      return found;
    },
    findByName: (username) => findByName(usernameKey(username)),
    list: users.list({ name: 'all', where: 'true', order: 'asc' }),
    save: users.save,
    async isEmpty() {
      const [row] = await db.query<{ empty: boolean }>(empty);
      return row?.empty === true;
    },
    async rehash(user_id, from, to) {
      await db.query(rehash, [user_id, from, to]);
    },
    // An account is one row, of which nothing else is kept.
    forgetEarlier: async () => undefined,
    sessions: sessionsPostgres(store),
    signingKey: keyKeeper(store),
  };
}

function keyKeeper({ schema, db }: PostgresStore): UserRepository['signingKey'] {
  async function active(): Promise<JWK | undefined> {
    const text = `select jwk from ${schema}.signing_keys where active`;
    const [row] = await db.query<{ jwk: JWK }>({ name: '', text });
    return row?.jwk;
  }
  return async (make, now) => {
    const known = await active();
    if (known) return known;
    const jwk = await make();
    // Another process may be first: then its key is the one that counts.
    const text = `insert into ${schema}.signing_keys (kid, jwk, active, created_at)
      values ($1, $2, true, $3) on conflict do nothing`;
    await db.query({ name: '', text }, [jwk.kid, JSON.stringify(jwk), now]);
    return (await active()) ?? jwk;
  };
}
