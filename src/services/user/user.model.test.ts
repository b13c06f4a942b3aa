import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ctx } from '../../platform/contract/contract.ts';
import { COMMON_PASSWORDS } from './sign-in/user.common-passwords.ts';
import {
  changePassword,
  changeRole,
  checkPassword,
  checkUsername,
  isUsername,
  publicUser,
  registerUser,
  type UserState,
  updateProfile,
} from './user.model.ts';

const ctx: Ctx = { actor: { kind: 'anonymous' }, now: '2026-07-28T09:30:00.000Z', trace: '', requestId: 'r' };
const later: Ctx = { ...ctx, now: '2026-07-29T09:30:00.000Z' };
const address = { line1: '2 Example Road', postal_code: '1000', city: 'Ghent', country: 'BE' };

function aUser(more: Partial<UserState> = {}): UserState {
  const facts = { user_id: 2, username: 'alice', password_hash: 'a hash', founder: false };
  return { ...registerUser(facts, ctx).next, version: 1, ...more };
}

test('a username takes letters, digits, dots, dashes and underscores', () => {
  for (const name of ['bob', 'Alice', 'a.b-c_d', '007.', '1a2', 'x'.repeat(64)]) assert.equal(isUsername(name), true);
});

test('a username is not too short, not too long, not a number and nothing beyond ASCII', () => {
  const bad = ['', 'al', '12345', 'a b', 'alïce', 'bob\n', 'a@b', '\u212aevin', 'x'.repeat(65), 'bob\0'];
  for (const name of bad) assert.equal(isUsername(name), false, JSON.stringify(name));
  assert.throws(() => checkUsername('12345', new Set()), { code: 'USER_BAD_NAME', kind: 'invalid' });
  for (const name of ['orders', 'Orders', 'ORDERS'])
    assert.throws(() => checkUsername(name, new Set(['orders'])), { code: 'USER_RESERVED_NAME', kind: 'invalid' });
  checkUsername('orders-1', new Set(['orders']));
});

test('a common password and the own name are refused, whatever the case, when there is a list', () => {
  const check = (password: string, blocklist?: ReadonlySet<string>) => () =>
    checkPassword(password, { username: 'Marguerite', blocklist, pointer: '/password' });
  const refusal = { code: 'USER_COMMON_PASSWORD', faults: [{ pointer: '/password', detail: /choose another/ }] };
  assert.throws(check('password123', COMMON_PASSWORDS), { code: refusal.code });
  assert.throws(check('PassWord123', COMMON_PASSWORDS), { code: refusal.code });
  assert.throws(check('marguerite', COMMON_PASSWORDS), { code: refusal.code });
  assert.doesNotThrow(check('a quiet pond in June', COMMON_PASSWORDS));
  assert.doesNotThrow(check('password123', undefined));
});

test('the list of common passwords is in small letters, and long enough to be of use', () => {
  assert.ok(COMMON_PASSWORDS.size > 500);
  for (const one of COMMON_PASSWORDS) assert.equal(one, one.toLowerCase());
});

test('the first account is admin, every other one a customer', () => {
  const facts = { user_id: 1, username: 'alice', password_hash: 'a hash' };
  assert.equal(registerUser({ ...facts, founder: true }, ctx).next.role, 'admin');
  assert.equal(registerUser({ ...facts, founder: false }, ctx).next.role, 'customer');
});

test('a registration announces who it was, and no secret', () => {
  const { next, events } = registerUser({ user_id: 7, username: 'Bob', password_hash: 'a hash', founder: false }, ctx);
  assert.equal(next.version, 0);
  assert.deepEqual(events, [
    {
      type: 'user.registered',
      subject: '7',
      data: { user_id: 7, username: 'Bob', role: 'customer', created_at: ctx.now },
    },
  ]);
});

test('a profile takes the fields that are given, and null clears one', () => {
  const user = aUser({ email: 'alice@example.com', locale: 'nl-BE' });
  const { next, events } = updateProfile(user, { display_name: 'Alice', email: null, phone: undefined }, later);
  assert.deepEqual([next.display_name, next.email, next.phone, next.locale], ['Alice', null, null, 'nl-BE']);
  assert.equal(next.updated_at, later.now);
  assert.deepEqual((events[0]?.data as { changed: string[] } | undefined)?.changed, ['display_name', 'email']);
});

test('a profile that says the same again is no change', () => {
  const user = aUser({ email: 'alice@example.com', address });
  const { country, city, ...rest } = address;
  const change = updateProfile(user, { email: 'alice@example.com', address: { country, city, ...rest } }, later);
  assert.deepEqual(change, { next: user, events: [] });
});

test('a new role is announced; the same role is no change', () => {
  const { next, events } = changeRole(aUser(), 'staff', later);
  assert.equal(next.role, 'staff');
  assert.equal(events[0]?.type, 'user.updated');
  assert.deepEqual(changeRole(next, 'staff', later).events, []);
});

test('a new password counts up, and its event has no hash in it', () => {
  const { next, events } = changePassword(aUser(), 'another hash', later);
  assert.equal(next.password_version, 2);
  assert.deepEqual(events[0]?.data, { user_id: 2, username: 'alice', changed_at: later.now });
});

test('nobody sees the hash of an account', () => {
  assert.equal(JSON.stringify(publicUser(aUser())).includes('hash'), false);
});
