import { type Static, type TObject, type TString, Type } from 'typebox';
import { contract, event, Id, Nothing, op, PageOf, paging, Time } from '../../platform/contract/contract.ts';
import { Pattern, TextLine } from '../../platform/contract/schema/text.ts';
import { userErrors } from './user.errors.contract.ts';

export { userErrors };

/** The schema, or null. */
const nullable = <T extends TString | TObject>(schema: T) =>
  Type.Unsafe<Static<T> | null>({ ...schema, type: [schema.type, 'null'] });

export const RoleName = Type.Union([Type.Literal('customer'), Type.Literal('staff'), Type.Literal('admin')]);

export const Address = Type.Object(
  {
    line1: TextLine(200),
    line2: Type.Optional(TextLine(200)),
    postal_code: TextLine(20),
    city: TextLine(100),
    region: Type.Optional(TextLine(100)),
    country: Pattern('^[A-Z]{2}$', 'two capital letters of ISO 3166-1, such as DE'),
  },
  { title: 'Address', additionalProperties: false },
);
export type Address = Static<typeof Address>;

const profile = {
  display_name: nullable(TextLine(100)),
  email: nullable(
    Type.String({
      maxLength: 254,
      pattern: '^[^\\s@]+@[^\\s@]+$',
      format: 'visible-line',
      description: 'a mail address, such as ada@example.com',
    }),
  ),
  phone: nullable(Pattern('^\\+?[0-9][0-9 ()./-]{2,30}$', 'a telephone number of digits, such as +49 228 123456')),
  address: nullable(Address),
  locale: nullable(
    Pattern('^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$', 'a language of BCP 47, such as de-AT', { maxLength: 35 }),
  ),
};

/** The same for two spellings of one username: only A to Z and a to z are the same letters. */
export const usernameKey = (username: string): string =>
  username.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** What its owner and the staff see of an account. */
export const User = Type.Object(
  {
    id: Id(),
    username: Type.String(),
    role: RoleName,
    ...profile,
    created_at: Time(),
    updated_at: Time(),
  },
  { title: 'User' },
);
export type User = Static<typeof User>;

/** The fields of a profile that are given; null clears one. */
export const UpdateProfile = Type.Partial(Type.Object(profile));
export type UpdateProfile = Static<typeof UpdateProfile>;

const username = Type.String({
  minLength: 3,
  maxLength: 64,
  description: 'letters, digits, ., _ and -, not digits alone; unique without regard to case',
});
const newPassword = Type.String({ minLength: 8, maxLength: 128, writeOnly: true });
// An account of an older system may have a password that would not be taken now.
const password = Type.String({ maxLength: 1024, writeOnly: true });

export const Credentials = Type.Object({ username, password: newPassword });
export type Credentials = Static<typeof Credentials>;

const tokens = { token: Type.String(), refresh_token: Type.String(), expires_in: Type.Integer() };

const Registered = Type.Object(
  { message: Type.String(), id: Id(), username: Type.String(), ...tokens },
  { title: 'Registration' },
);

const SignedIn = Type.Object(
  {
    message: Type.String(),
    ...tokens,
    id: Id(),
    username: Type.String(),
    user: Type.Object({ id: Id(), username: Type.String(), role: RoleName }),
  },
  { title: 'SignIn' },
);

/** The answer of the token endpoint (RFC 6749); `token` is the same as `access_token`. */
const Granted = Type.Object(
  {
    access_token: Type.String(),
    token_type: Type.Literal('Bearer'),
    ...tokens,
  },
  { title: 'TokenGrant' },
);

export const Session = Type.Object(
  {
    session_id: Id(),
    created_at: Time(),
    last_used_at: Time(),
    expires_at: Time(),
    current: Type.Boolean({ description: 'the session of the token that asks' }),
  },
  { title: 'Session' },
);
export type Session = Static<typeof Session>;

const Buyer = Type.Object({
  id: Id(),
  username: Type.String(),
  display_name: profile.display_name,
  email: profile.email,
  phone: profile.phone,
  address: profile.address,
});

export const userEvents = {
  registered: event(
    'user.registered',
    'an account was made',
    Type.Object({ user_id: Id(), username: Type.String({ maxLength: 64 }), role: RoleName, created_at: Time() }),
  ),
  updated: event(
    'user.updated',
    'a profile or a role changed; `changed` names the fields',
    Type.Object({
      user_id: Id(),
      username: Type.String({ maxLength: 64 }),
      display_name: profile.display_name,
      email: profile.email,
      phone: profile.phone,
      locale: profile.locale,
      role: RoleName,
      changed: Type.Array(Type.String({ maxLength: 40 }), { maxItems: 20 }),
    }),
  ),
  passwordChanged: event(
    'user.password_changed',
    'the owner of an account set a new password',
    Type.Object({ user_id: Id(), username: Type.String({ maxLength: 64 }), changed_at: Time() }),
  ),
};

const signInOps = {
  register: op('POST /register', {
    access: 'public',
    aliases: ['/auth/register'],
    summary: 'Makes an account and signs it in; the first account of a system is its admin',
    status: 201,
    idempotent: true,
    example: { username: 'ada', password: 'a long password' },
    input: Credentials,
    output: Registered,
  }),
  login: op('POST /login', {
    access: 'public',
    aliases: ['/auth/login'],
    summary: 'Signs in',
    example: { username: 'ada', password: 'a long password' },
    input: Type.Object({ username: Type.String({ maxLength: 256 }), password }),
    output: SignedIn,
  }),
  token: op('POST /auth/token', {
    access: 'public',
    summary: 'A new access token and a new refresh token for a refresh token, which is then used up',
    example: { grant_type: 'refresh_token', refresh_token: 'the one of the last answer' },
    input: Type.Object({
      grant_type: Type.Literal('refresh_token'),
      refresh_token: Type.String({ maxLength: 200, writeOnly: true }),
    }),
    output: Granted,
  }),
  logout: op('POST /auth/logout', {
    access: 'customer',
    summary: 'Ends the session of the token',
    status: 204,
    input: Type.Object({}),
    output: Nothing(),
  }),
  jwks: op('GET /auth/jwks', {
    access: 'public',
    summary: 'The public keys that access tokens are verified with (RFC 7517)',
    input: Type.Object({}),
    output: Type.Object({
      keys: Type.Array(
        Type.Object({
          kty: Type.String(),
          crv: Type.Optional(Type.String()),
          x: Type.Optional(Type.String()),
          kid: Type.Optional(Type.String()),
          alg: Type.Optional(Type.String()),
          use: Type.Optional(Type.String()),
        }),
      ),
    }),
  }),
};

const securityOps = {
  changePassword: op('PUT /users/me/password', {
    access: 'customer',
    summary: 'Sets a new password and ends the other sessions',
    status: 204,
    example: { current_password: 'a long password', new_password: 'a longer password' },
    input: Type.Object({ current_password: password, new_password: newPassword }),
    output: Nothing(),
  }),
  sessions: op('GET /users/me/sessions', {
    access: 'customer',
    summary: 'Where the account is signed in, newest first',
    input: Type.Object(paging),
    output: PageOf(Session),
  }),
  endSession: op('DELETE /users/me/sessions/{session_id}', {
    access: 'customer',
    summary: 'Ends one session',
    status: 204,
    input: Type.Object({ session_id: Id() }),
    output: Nothing(),
  }),
};

const accountOps = {
  me: op('GET /users/me', {
    access: 'customer',
    summary: 'The own profile',
    input: Type.Object({}),
    output: User,
  }),
  updateMe: op('PATCH /users/me', {
    access: 'customer',
    changes: 'me',
    summary: 'Changes the fields that are given; null clears one',
    example: {
      display_name: 'Ada Lovelace',
      address: { line1: 'St. James’s Square 12', postal_code: 'SW1Y 4JH', city: 'London', country: 'GB' },
    },
    input: UpdateProfile,
    output: User,
  }),
  list: op('GET /users', {
    access: 'staff',
    summary: 'All accounts, oldest first',
    input: Type.Object(paging),
    output: PageOf(User),
  }),
  get: op('GET /users/{user_id}', {
    access: 'customer',
    summary: 'One account: the own one, or any for staff',
    input: Type.Object({ user_id: Id() }),
    output: User,
  }),
  setRole: op('PUT /users/{user_id}/role', {
    access: 'admin',
    changes: 'get',
    summary: 'Changes what an account may do; the last admin stays one',
    example: { role: 'admin' },
    input: Type.Object({ user_id: Id(), role: RoleName }),
    output: User,
  }),
};

const peerOps = {
  byUsername: op('GET /internal/users/by-username/{username}', {
    access: 'internal',
    summary: 'The account with this name, without regard to case',
    input: Type.Object({ username: Type.String({ maxLength: 256 }) }),
    output: Type.Object({ id: Id(), username: Type.String() }),
  }),
  profileOf: op('GET /internal/users/{user_id}/profile', {
    access: 'internal',
    summary: 'What an invoice says of its buyer',
    input: Type.Object({ user_id: Id() }),
    output: Buyer,
  }),
};

export const userOps = { ...signInOps, ...securityOps, ...accountOps, ...peerOps };

export const userContract = contract({
  name: 'user',
  summary: 'Accounts, roles, sign-in and sessions.',
  port: 3005,
  topic: 'users',
  ops: userOps,
  events: userEvents,
  errors: userErrors,
  answers: new URL('./user.answers.json', import.meta.url),
});
