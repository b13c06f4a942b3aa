import { readConfig, type TestEngine } from '../../platform/config.ts';
import type { Ctx } from '../../platform/contract.ts';
import { type Database, openDatabase } from '../../platform/db/postgres.ts';
import { postgresStore } from '../../platform/db/store.ts';
import { testDatabase } from '../../platform/testing/databases.ts';
import { createTokens } from '../../platform/tokens.ts';
import { userContract } from './user.contract.ts';
import { registerUser, type UserState } from './user.model.ts';
import { userPostgres } from './user.repository.postgres.ts';
import type { UserRepository } from './user.repository.ts';

export const NOW = '2026-07-28T09:30:00.000Z';

/** A context of a test, at a moment that it chooses. */
export function at(now: string, more: Partial<Ctx> = {}): Ctx {
  return { actor: { kind: 'anonymous' }, now, trace: '00-1-2-00', requestId: 'r', ...more };
}

/** What a service needs beside its repository. */
export function someTools() {
  const config = readConfig({ BCRYPT_COST: '4', JWT_SECRET: 'a secret that only tests know' }, ['user']);
  return { config, tokens: createTokens(config.JWT_SECRET) };
}

/** Repositories on one database, as two processes would have them. */
export interface Kept {
  readonly db: Database;
  readonly users: UserRepository;
  readonly others: UserRepository;
  close(): Promise<void>;
}

/** An empty database with the tables of the user service. */
export async function keptUsers(engine: TestEngine): Promise<Kept> {
  const { url, drop } = await testDatabase(engine);
  const pools = [openDatabase(url), openDatabase(url)] as const;
  const [users, others] = pools.map((db) => userPostgres(postgresStore(db, userContract))) as [
    UserRepository,
    UserRepository,
  ];
  return {
    db: pools[0],
    users,
    others,
    async close() {
      await Promise.all(pools.map((db) => db.close()));
      await drop();
    },
  };
}

/** Saves a new account. */
export async function saved(users: UserRepository, username: string, founder = false): Promise<UserState> {
  const facts = { user_id: await users.nextId(), username, password_hash: 'a hash', founder };
  return users.save(at(NOW), registerUser(facts, at(NOW)));
}
