import { defineService } from '../../platform/app/module.ts';
import { userCopyClickHouse } from './clickhouse/user.copy.clickhouse.ts';
import { userClickHouse } from './clickhouse/user.repository.clickhouse.ts';
import { userCopyPostgres } from './postgres/user.copy.postgres.ts';
import { userPostgres } from './postgres/user.repository.postgres.ts';
import { userContract } from './user.contract.ts';
import { userService } from './user.service.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;

import { userSettings } from './user.settings.ts';

export const userModule = defineService({
  contract: userContract,
  settings: userSettings,
  stores: {
    postgres: { open: userPostgres, copy: userCopyPostgres },
    clickhouse: { open: userClickHouse, copy: userCopyClickHouse, events: 'users' },
  },
  service: userService,
  jwksPath: userContract.ops.jwks.path,
  start: (user, ctx) => user.useSigningKey(ctx),
  jobs: [
    { name: 'forget_sessions', everySeconds: HOUR, run: (user, ctx) => user.forgetSessions(ctx) },
    { name: 'forget_earlier_states', everySeconds: MINUTE, run: (user, ctx) => user.forgetEarlierStates(ctx) },
  ],
});
