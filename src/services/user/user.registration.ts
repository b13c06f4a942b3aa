import type { Ctx } from '../../platform/contract/contract.ts';
import { isError } from '../../platform/contract/errors.ts';
import { withId } from '../../platform/contract/ids.ts';
import type { Passwords } from './sign-in/user.passwords.ts';
import { type Credentials, userErrors } from './user.contract.ts';
import { registerUser, type UserState } from './user.model.ts';
import type { UserRepository } from './user.repository.ts';

type NewUser = Parameters<typeof registerUser>[0];
type Register = (ctx: Ctx, credentials: Credentials) => Promise<UserState>;

/** Makes accounts: the first one of all, and every other. Throws NAME_TAKEN. */
export function registration(users: UserRepository, passwords: Passwords): Register {
  // Saves work and ids; what makes the name unique is the index. A request with a key goes on to the save, which
  // alone can tell a name that somebody else has from one that this same request took before.
  async function refuseTaken(ctx: Ctx, username: string): Promise<void> {
    if (!ctx.request && (await users.findByName(username))) throw userErrors.NAME_TAKEN();
  }

  return async (ctx, { username, password }) => {
    await refuseTaken(ctx, username);
    const password_hash = await passwords.hash(password);
    await refuseTaken(ctx, username);
    const founder = await users.isEmpty();
    const save = (user_id: number) => saveNew(ctx, { user_id, username, password_hash, founder });
    return withId(users.ids, save, ({ user_id }) => user_id);
  };

  async function saveNew(ctx: Ctx, facts: NewUser): Promise<UserState> {
    const saveAs = (founder: boolean) => users.save(ctx, registerUser({ ...facts, founder }, ctx));
    try {
      return await saveAs(facts.founder);
    } catch (error) {
      if (isError(error, userErrors.FOUNDED)) return saveAs(false);
      // The holder of the name may be this same request in another process: the second save would know.
      if (ctx.request && isError(error, userErrors.NAME_TAKEN)) return saveAs(false);
      throw error;
    }
  }
}
