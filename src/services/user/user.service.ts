import type { Actions } from '../../platform/app/actions.ts';
import type { ServiceParts, Tools } from '../../platform/app/module.ts';
import { self } from '../../platform/contract/actor.ts';
import type { Ctx } from '../../platform/contract/contract.ts';
import { common } from '../../platform/contract/errors.ts';
import { COMMON_PASSWORDS } from './sign-in/user.common-passwords.ts';
import { createPasswords, type Passwords } from './sign-in/user.passwords.ts';
import { signInActions } from './sign-in/user.sign-in.ts';
import { createTokenIssuer, makeSigningKey } from './sign-in/user.tokens.ts';
import { userErrors, usernameKey, type userOps } from './user.contract.ts';
import { changeRole, mayBeUsername, publicUser, updateProfile } from './user.model.ts';
import type { UserRepository } from './user.repository.ts';
import { securityActions } from './user.security.ts';
import { userSettings } from './user.settings.ts';

/** What the user service does by itself. */
export interface UserInternalActions {
  /** Before the first request: takes up the key that signs tokens, unless JWT_SECRET does. */
  useSigningKey(ctx: Ctx): Promise<unknown>;
  forgetSessions(ctx: Ctx): Promise<unknown>;
  forgetEarlierStates(ctx: Ctx): Promise<unknown>;
}

type UserParts = ServiceParts<UserRepository, object, 'config' | 'tokens' | 'reservedNames'>;

/** The user service. `passwords` is given by tests that count. */
export function userService(
  { repository: users, tools }: UserParts,
  passwords: Passwords = createPasswords(tools.config.valuesOf(userSettings).BCRYPT_COST),
) {
  const parts = {
    users,
    passwords,
    granter: createTokenIssuer(users, tools),
    blocklist: blocklistOf(tools.config),
    reserved: new Set(tools.reservedNames.map(usernameKey)),
  };
  return {
    ...signInActions(parts),
    ...securityActions(parts),
    jwks: async () => tools.tokens.jwks() as { keys: { kty: string }[] },
    me: async (ctx) => publicUser(await users.get(self(ctx).id)),
    updateMe: async (ctx, input) => {
      const user = await users.get(self(ctx).id);
      return publicUser(await users.save(ctx, updateProfile(user, input, ctx)));
    },
    async list(_ctx, { limit = 50, cursor }) {
      const { items, next } = await users.list({ limit, cursor });
      return { items: items.map(publicUser), next };
    },
    async get(ctx, { user_id }) {
      const { actor } = ctx;
      if (actor.kind === 'user' && actor.role === 'customer' && actor.id !== user_id) throw userErrors.NOT_FOUND();
      return publicUser(await users.get(user_id));
    },
    async setRole(ctx, { user_id, role }) {
      await mustBeAdminStill(ctx);
      const user = await users.get(user_id);
      return publicUser(await users.save(ctx, changeRole(user, role, ctx)));
    },
    async byUsername(_ctx, { username }) {
      const user = mayBeUsername(username) ? await users.findByName(username) : undefined;
      if (!user) throw userErrors.NOT_FOUND();
      return { id: user.user_id, username: user.username };
    },
    async profileOf(_ctx, { user_id }) {
      const { username, display_name, email, phone, address } = await users.get(user_id);
      return { id: user_id, username, display_name, email, phone, address };
    },
    async useSigningKey({ now }) {
      if (tools.config.JWT_SECRET) return;
      await tools.tokens.useKey(await users.signingKey(makeSigningKey, now));
    },
    forgetSessions: ({ now }) => users.sessions.forget(now),
    forgetEarlierStates: (_ctx) => users.forgetEarlier(),
  } satisfies Actions<typeof userOps> & UserInternalActions;

  // A token says the role of the moment it was made: one that was lost since must not win itself back.
  async function mustBeAdminStill({ actor }: Ctx): Promise<void> {
    if (actor.kind === 'user' && (await users.get(actor.id)).role !== 'admin') throw common.FORBIDDEN();
  }
}

function blocklistOf({ NODE_ENV, valuesOf }: Tools['config']): ReadonlySet<string> | undefined {
  const wanted = valuesOf(userSettings).PASSWORD_BLOCKLIST ?? (NODE_ENV === 'production' ? 'on' : 'off');
  return wanted === 'on' ? COMMON_PASSWORDS : undefined;
}
