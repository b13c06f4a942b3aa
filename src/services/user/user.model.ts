import { self } from '../../platform/contract/actor.ts';
import { type Change, type Ctx, type Role, unchanged, type Versioned } from '../../platform/contract/contract.ts';
import { AppError } from '../../platform/contract/errors.ts';
import { type Address, type UpdateProfile, type User, userErrors, userEvents, usernameKey } from './user.contract.ts';

/** An account as it is kept. */
export interface UserState extends Versioned {
  readonly user_id: number;
  readonly username: string;
  readonly password_hash: string;
  /** Counts the passwords; a session is good for the one it was opened with. */
  readonly password_version: number;
  readonly role: Role;
  /** The first account of the system. */
  readonly founder: boolean;
  readonly display_name: string | null;
  readonly email: string | null;
  readonly phone: string | null;
  readonly address: Address | null;
  readonly locale: string | null;
  readonly created_at: string;
  readonly updated_at: string;
}

const NAME = /^(?=.*[a-z._-])[a-z0-9._-]{3,64}$/i;

/** Whether an account may have this name; digits alone would be taken for an id. */
export function isUsername(text: string): boolean {
  return NAME.test(text);
}

/** Whether some account may have this name: one that was taken over may break the rules of today. */
export function mayBeUsername(text: string): boolean {
  return text !== '' && text.isWellFormed() && !text.includes('\0');
}

/** Throws BAD_NAME or RESERVED_NAME with its place in the request; names that count as the same are reserved together. */
export function checkUsername(username: string, reserved: ReadonlySet<string>): void {
  if (!isUsername(username)) throw faultAt('/username', userErrors.BAD_NAME());
  if (reserved.has(usernameKey(username))) throw faultAt('/username', userErrors.RESERVED_NAME());
}

/** Throws COMMON_PASSWORD for what is guessed first: a common password, or the name itself. */
export function checkPassword(
  password: string,
  facts: { username: string; blocklist: ReadonlySet<string> | undefined; pointer: string },
): void {
  if (!facts.blocklist) return;
  const text = password.toLowerCase();
  if (facts.blocklist.has(text) || text === facts.username.toLowerCase()) {
    throw faultAt(facts.pointer, userErrors.COMMON_PASSWORD());
  }
}

function faultAt(pointer: string, { code, kind, message, remedy }: AppError): AppError {
  return new AppError(code, kind, message, { faults: [{ pointer, detail: message }], remedy });
}

/** A new account: the admin when it is the first of all, a customer otherwise. */
export function registerUser(
  facts: { user_id: number; username: string; password_hash: string; founder: boolean },
  ctx: Ctx,
): Change<UserState> {
  const next: UserState = {
    ...facts,
    password_version: 1,
    role: facts.founder ? 'admin' : 'customer',
    display_name: null,
    email: null,
    phone: null,
    address: null,
    locale: null,
    created_at: ctx.now,
    updated_at: ctx.now,
    version: 0,
  };
  const { user_id, username, role, created_at } = next;
  return { next, events: [userEvents.registered(user_id, { user_id, username, role, created_at })] };
}

/** Changes the given fields of a profile. */
export function updateProfile(state: UserState, input: UpdateProfile, ctx: Ctx): Change<UserState> {
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  return changeFields(state, Object.fromEntries(given), ctx);
}

/** Gives an account another role. */
export function changeRole(state: UserState, role: Role, ctx: Ctx): Change<UserState> {
  return changeFields(state, { role }, ctx);
}

type Changeable = UpdateProfile & { role?: Role };

function changeFields(state: UserState, fields: Changeable, ctx: Ctx): Change<UserState> {
  const next: UserState = { ...state, ...fields, updated_at: ctx.now };
  const names = Object.keys(fields) as (keyof Changeable)[];
  const changed = names.filter((name) => canonical(next[name]) !== canonical(state[name]));
  if (changed.length === 0) return unchanged(state);
  const { user_id, username, display_name, email, phone, locale, role } = next;
  const data = { user_id, username, display_name, email, phone, locale, role, changed };
  return { next, events: [userEvents.updated(user_id, data)] };
}

// Two addresses are the same whatever the order in which their fields were sent.
function canonical(value: string | object | null): string {
  return JSON.stringify(typeof value === 'object' && value !== null ? Object.entries(value).sort() : value);
}

/** Sets a new password; what was opened with the old one is closed by the new `password_version`. */
export function changePassword(state: UserState, password_hash: string, ctx: Ctx): Change<UserState> {
  const { user_id, username, password_version } = state;
  const next = { ...state, password_hash, password_version: password_version + 1, updated_at: ctx.now };
  return { next, events: [userEvents.passwordChanged(user_id, { user_id, username, changed_at: ctx.now })] };
}

/** What its owner and the staff see. */
export function publicUser(state: UserState): User {
  const { user_id, username, role, display_name, email, phone, address, locale, created_at, updated_at } = state;
  return { id: user_id, username, role, display_name, email, phone, address, locale, created_at, updated_at };
}

/** The session of the token that came with the request. */
export function sessionOf(ctx: Ctx): number | undefined {
  const id = Number(self(ctx).session);
  return Number.isSafeInteger(id) ? id : undefined;
}
