import { defineService } from '../../platform/module.ts';
import { userContract } from './user.contract.ts';
import { userCopyClickHouse } from './user.copy.clickhouse.ts';
import { userCopyPostgres } from './user.copy.postgres.ts';
import { userClickHouse } from './user.repository.clickhouse.ts';
import { userPostgres } from './user.repository.postgres.ts';
import { userService } from './user.service.ts';
import { makeSigningKey } from './user.tokens.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

export const userModule = defineService({
  contract: userContract,
  stores: {
    postgres: userPostgres,
    clickhouse: { events: 'users', open: userClickHouse },
    copy: { postgres: userCopyPostgres, clickhouse: userCopyClickHouse },
  },
  service: userService,
  jwksPath: userContract.ops.jwks.path,
  async start(_service, users, { config, tokens }) {
    if (config.JWT_SECRET) return;
    await tokens.useKey(await users.signingKey(makeSigningKey, new Date().toISOString()));
  },
  jobs: (_service, users) => [
    {
      name: 'forget expired sessions',
      everySeconds: HOUR,
      run: () => users.sessions.forget(new Date().toISOString()),
    },
    { name: 'forget earlier states of accounts', everySeconds: MINUTE, run: users.forgetEarlier },
  ],
});
