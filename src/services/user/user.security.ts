import type { Actions } from '../../platform/app/actions.ts';
import { self } from '../../platform/contract/actor.ts';
import type { SignInParts } from './sign-in/user.sign-in.ts';
import { userErrors, type userOps } from './user.contract.ts';
import { changePassword, checkPassword, sessionOf } from './user.model.ts';

/** What people do about the safety of their own account. */
export function securityActions({ users, passwords, blocklist }: Omit<SignInParts, 'granter'>) {
  return {
    async logout(ctx) {
      const session = sessionOf(ctx);
      if (session !== undefined) await users.sessions.end(self(ctx).id, session, ctx.now);
      return {};
    },
    async changePassword(ctx, { current_password, new_password }) {
      const user = await users.get(self(ctx).id);
      checkPassword(new_password, { username: user.username, blocklist, pointer: '/new_password' });
      if (!(await passwords.verify(current_password, user.password_hash))) throw userErrors.WRONG_PASSWORD();
      const saved = await users.save(ctx, changePassword(user, await passwords.hash(new_password), ctx));
      // The save has ended every session; should we stop before this line, the person signs in again.
      const session = sessionOf(ctx);
      if (session !== undefined) await users.sessions.keep(saved, session);
      return {};
    },
    async sessions(ctx, { limit = 50, cursor }) {
      const { items, next } = await users.sessions.list(self(ctx).id, ctx.now, { limit, cursor });
      const current = sessionOf(ctx);
      return { items: items.map((item) => ({ ...item, current: item.session_id === current })), next };
    },
    async endSession(ctx, { session_id }) {
      const ended = await users.sessions.end(self(ctx).id, session_id, ctx.now);
      if (!ended) throw userErrors.SESSION_NOT_FOUND();
      return {};
    },
  } satisfies Pick<Actions<typeof userOps>, 'logout' | 'changePassword' | 'sessions' | 'endSession'>;
}
