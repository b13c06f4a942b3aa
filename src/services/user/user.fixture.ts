import { createTokens } from '../../platform/auth/tokens.ts';
import { readConfig } from '../../platform/config/config.ts';
import type { Ctx } from '../../platform/contract/contract.ts';
import type { ClickHouseStore } from '../../platform/db/clickhouse/store/store.ts';
import type { StoredRow, TestStore } from '../../testing/stores.ts';
import { userClickHouse } from './clickhouse/user.repository.clickhouse.ts';
import { userPostgres } from './postgres/user.repository.postgres.ts';
import { userContract } from './user.contract.ts';
import { registerUser, type UserState } from './user.model.ts';
import type { UserRepository } from './user.repository.ts';

export const NOW = '2026-07-28T09:30:00.000Z';

/** A context of a test, at a moment that it chooses. */
export function at(now: string, more: Partial<Ctx> = {}): Ctx {
  return { actor: { kind: 'anonymous' }, now, trace: '00-1-2-00', requestId: 'r', ...more };
}

/** What a service needs beside its repository. */
export function someTools() {
  const config = readConfig({ BCRYPT_COST: '4', JWT_SECRET: 'a secret that only tests know' }, [{ name: 'user' }]);
  return { config, tokens: createTokens(config.JWT_SECRET), reservedNames: ['orders'] };
}

/** Accounts on one store, as two processes would have them. */
export interface KeptUsers extends StoredRow<UserRepository> {
  readonly users: UserRepository;
  readonly others: UserRepository;
  /** Where the tables are: a schema of PostgreSQL, or a database of ClickHouse. */
  readonly place: string;
  /** The relay has published everything so far. */
  publish(): Promise<void>;
}

/** An empty store of the user service. */
export async function keptUsers(store: TestStore): Promise<KeptUsers> {
  let rows: ClickHouseStore | undefined;
  const kept = await store.open(userContract, {
    postgres: { open: userPostgres },
    clickhouse: {
      events: 'users',
      open(opened) {
        rows = opened;
        return userClickHouse(opened);
      },
    },
  });
  const [users, others] = kept.repositories as [UserRepository, UserRepository];
  const place = rows?.database ?? 'tradepost_user';
  return {
    ...kept,
    users,
    others,
    place,
    async publish() {
      if (!rows) return void (await kept.rows(`delete from ${place}.outbox`));
      const [last] = await kept.rows(`select max(position) as position from ${place}.users`);
      await rows.engine.insert(`${place}.relay`, [{ position: last?.position }]);
    },
  };
}

/** Saves a new account. */
export async function saved(
  users: UserRepository,
  username: string,
  founder = false,
  more: Partial<Ctx> = {},
): Promise<UserState> {
  const facts = { user_id: await users.ids.next(), username, password_hash: 'a hash', founder };
  return users.save(at(NOW, more), registerUser(facts, at(NOW)));
}
