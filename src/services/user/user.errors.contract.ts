import { errors } from '../../platform/contract/errors.ts';

export const userErrors = errors('USER', {
  NOT_FOUND: ['not_found', 'user not found', 'Check the id; staff find it with GET /users.'],
  NAME_TAKEN: [
    'conflict',
    'this username is taken',
    'Choose another username; upper and lower case count as the same.',
  ],
  BAD_NAME: [
    'invalid',
    "username takes letters, digits, '.', '_' and '-', and not digits alone",
    'Choose 3 to 64 of these characters, with a letter among them, and none of the reserved words.',
  ],
  RESERVED_NAME: [
    'invalid',
    'username is a word of this system, which no account is called by',
    'Choose another username: the words of its addresses, and admin, root, support and system, are reserved.',
  ],
  COMMON_PASSWORD: [
    'invalid',
    'this password is among the first that are guessed; choose another',
    'Choose a longer one, such as several words that nobody puts together.',
  ],
  INVALID_CREDENTIALS: [
    'unauthenticated',
    'Invalid credentials',
    'Check username and password; an account is made with POST /register.',
  ],
  WRONG_PASSWORD: [
    'invalid',
    'current_password is not the password of this account',
    'Send the password that signs this account in now as current_password.',
  ],
  INVALID_GRANT: [
    'invalid',
    'invalid_grant: the refresh token is unknown, expired, revoked or used before',
    'Sign in again with POST /login; keep the refresh token that each answer brings, the one before is used up.',
  ],
  FOUNDED: [
    'conflict',
    'the first account exists already',
    'Sign in as an admin; an admin makes others with PUT /users/{user_id}/role.',
  ],
  LAST_ADMIN: [
    'conflict',
    'this is the last admin; make another one first',
    'Make another account admin with PUT /users/{user_id}/role, then change this one.',
  ],
  SESSION_NOT_FOUND: [
    'not_found',
    'session not found',
    'List the sessions with GET /users/me/sessions; it may have ended already.',
  ],
  BUSY: [
    'unavailable',
    'too many people sign in at this moment; try again shortly',
    'Wait as long as Retry-After says, and sign in again.',
  ],
});
