import type { Actions } from '../../../platform/app/actions.ts';
import { common } from '../../../platform/contract/errors.ts';
import { userErrors, type userOps } from '../user.contract.ts';
import { checkPassword, checkUsername, mayBeUsername, type UserState } from '../user.model.ts';
import { registration } from '../user.registration.ts';
import type { UserRepository } from '../user.repository.ts';
import type { Passwords } from './user.passwords.ts';
import type { TokenIssuer } from './user.tokens.ts';

export interface SignInParts {
  readonly users: UserRepository;
  readonly passwords: Passwords;
  readonly granter: TokenIssuer;
  /** Passwords that are refused; undefined: none. */
  readonly blocklist: ReadonlySet<string> | undefined;
  /** Keys of the names that no new account may have. */
  readonly reserved: ReadonlySet<string>;
}

/** The actions that give out tokens. */
export function signInActions({ users, passwords, granter, blocklist, reserved }: SignInParts) {
  const register = registration(users, passwords);

  return {
    register: {
      async execute(ctx, { username, password }) {
        checkUsername(username, reserved);
        checkPassword(password, { username, blocklist, pointer: '/password' });
        return register(ctx, { username, password });
      },
      async respond(ctx, made: UserState, { password }, repeated) {
        const user = repeated ? await stillTheirs(made, password) : made;
        const { user_id: id, username } = user;
        return { message: 'User registered successfully', id, username, ...(await granter.open(ctx, user)) };
      },
    },
    async login(ctx, { username, password }) {
      const user = mayBeUsername(username) ? await users.findByName(username) : undefined;
      const right = await passwords.verify(password, user?.password_hash);
      if (!user || !right) throw userErrors.INVALID_CREDENTIALS();
      if (passwords.isWeak(user.password_hash)) await strengthen(user, password);
      const { user_id: id, username: name, role } = user;
      const grant = await granter.open(ctx, user);
      return { message: 'Login successful', ...grant, id, username: name, user: { id, username: name, role } };
    },
    async token(ctx, { refresh_token }) {
      const grant = await granter.refresh(ctx, refresh_token);
      return { access_token: grant.token, token_type: 'Bearer' as const, ...grant };
    },
  } satisfies Pick<Actions<typeof userOps>, 'register' | 'login' | 'token'>;

  // For the next time: a sign-in that succeeded does not fail over it.
  async function strengthen({ user_id, password_hash }: UserState, password: string): Promise<void> {
    await passwords
      .hash(password)
      .then((stronger) => users.rehash(user_id, password_hash, stronger))
      .catch(() => undefined);
  }

  // The fingerprint of a request leaves the password out, so a repetition must prove it, and the one of today:
  // a password that was changed since opens nothing.
  async function stillTheirs({ user_id }: UserState, password: string): Promise<UserState> {
    const user = await users.get(user_id);
    if (!(await passwords.verify(password, user.password_hash))) throw common.KEY_REUSED();
    return user;
  }
}
