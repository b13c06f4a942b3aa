import { defineService } from '../../platform/module.ts';
import { userContract } from './user.contract.ts';
import { userPostgres } from './user.repository.postgres.ts';
import { userService } from './user.service.ts';
import { makeSigningKey } from './user.tokens.ts';

const HOUR = 3600;

export const userModule = defineService({
  contract: userContract,
  stores: { postgres: userPostgres },
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
  ],
});
