import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { DuplicateEvent, DuplicateRequest } from '../../platform/contract/duplicates.ts';
import { eachStore } from '../../testing/stores.ts';
import { makeSigningKey } from './sign-in/user.tokens.ts';
import { at, type KeptUsers, keptUsers, NOW, saved } from './user.fixture.ts';
import { changePassword, changeRole, type UserState, updateProfile } from './user.model.ts';

const MONTH = '2026-08-27T09:30:00.000Z';
const LATER = '2026-09-01T00:00:00.000Z';
const span = { now: NOW, until: MONTH };
const token = () => randomBytes(32);
const page = { limit: 50 };

eachStore('users are kept', (store) => {
  let kept: KeptUsers;
  before(async () => {
    kept = await keptUsers(store);
  });
  after(() => kept.close());

  const session = async (user: UserState) => {
    const first = token();
    return { first, session_id: await kept.users.sessions.open(user, first, span) };
  };

  test('the first id is 1, and what is saved is read again as it was', async () => {
    assert.equal(await kept.users.isEmpty(), true);
    const alice = await saved(kept.users, 'Alice', true);
    assert.equal(alice.user_id, 1);
    assert.equal(await kept.users.isEmpty(), false);
    const address = { line1: '2 Example Road', postal_code: '1000', city: 'Ghent', country: 'BE' };
    const changed = await kept.users.save(at(NOW), updateProfile(alice, { address, email: 'a@example.com' }, at(NOW)));
    assert.deepEqual(await kept.users.get(1), changed);
    assert.deepEqual(await kept.users.findByName('aLICE'), changed);
  });

  test('what is not there is not found', async () => {
    await assert.rejects(kept.users.get(999_999), { code: 'USER_NOT_FOUND' });
    assert.equal(await kept.users.findByName('nobody'), undefined);
  });

  test('a name is taken without regard to case', async () => {
    await saved(kept.users, 'Bob');
    await assert.rejects(saved(kept.others, 'bOB'), { code: 'USER_NAME_TAKEN' });
  });

  test('there is no second first account', async () => {
    await assert.rejects(saved(kept.others, 'pretender', true), { code: 'USER_FOUNDED' });
  });

  test('two changes of the same version: one is saved, the other is stale', async () => {
    const user = await saved(kept.users, 'twice');
    const save = (users: KeptUsers['users'], display_name: string) =>
      users.save(at(NOW), updateProfile(user, { display_name }, at(NOW)));
    const results = await Promise.allSettled([save(kept.users, 'One'), save(kept.others, 'Two')]);
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  });

  test('however many admins are demoted at once, one remains', async () => {
    const admins = [await kept.users.get(1)];
    for (let i = 0; i < 9; i++) {
      const user = await saved(kept.users, `admin-${i}`);
      admins.push(await kept.users.save(at(NOW), changeRole(user, 'admin', at(NOW))));
    }
    const demoted = await Promise.allSettled(
      admins.map((user, i) => (i % 2 ? kept.users : kept.others).save(at(NOW), changeRole(user, 'customer', at(NOW)))),
    );
    const refused = demoted.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    assert.deepEqual(
      refused.map(({ reason }) => (reason as { code: string }).code),
      ['USER_LAST_ADMIN'],
    );
    const { items } = await kept.users.list({ limit: 200 });
    assert.equal(items.filter(({ role }) => role === 'admin').length, 1);
    // PostgreSQL keeps their number; ClickHouse counts them under the lock of the table.
    if (kept.driver === 'clickhouse') return;
    assert.deepEqual(await kept.rows(`select number from ${kept.place}.admins`), [{ number: 1 }]);
  });

  test('a role below admin may be lost, also while there is one admin', async () => {
    const user = await saved(kept.users, 'no-admin');
    const staff = await kept.users.save(at(NOW), changeRole(user, 'staff', at(NOW)));
    const again = await kept.others.save(at(NOW), changeRole(staff, 'customer', at(NOW)));
    assert.deepEqual((await kept.users.get(user.user_id)).role, again.role);
  });

  test('a better hash replaces the old one only while that is still there', async () => {
    const user = await saved(kept.users, 'rehashed');
    await kept.users.rehash(user.user_id, 'wrong', 'another hash');
    assert.deepEqual(await kept.users.get(user.user_id), user);
    await kept.users.rehash(user.user_id, 'a hash', 'a better hash');
    assert.deepEqual(await kept.users.get(user.user_id), { ...user, password_hash: 'a better hash' });
  });

  test('accounts are listed in pages, oldest first', async () => {
    const first = await kept.users.list({ limit: 2 });
    const second = await kept.users.list({ limit: 2, cursor: first.next });
    const ids = [...first.items, ...second.items].map((user) => user.user_id);
    assert.equal(ids.length, 4);
    assert.deepEqual(
      ids,
      ids.toSorted((a, b) => a - b),
    );
    await assert.rejects(kept.users.list({ limit: 2, cursor: 'x' }), { code: 'TRADEPOST_BAD_CURSOR' });
  });

  test('a refresh token is good once, and the next one after it', async () => {
    const user = await saved(kept.users, 'refreshing');
    const { first, session_id } = await session(user);
    const [second, third] = [token(), token()];
    assert.deepEqual(await kept.users.sessions.rotate(first, second, span), { session_id, user_id: user.user_id });
    assert.deepEqual(await kept.users.sessions.rotate(second, third, span), { session_id, user_id: user.user_id });
    assert.equal(await kept.users.sessions.rotate(token(), token(), span), undefined);
  });

  test('a refresh token that comes back ends its session, and no other', async () => {
    const user = await saved(kept.users, 'robbed');
    const [one, two] = [await session(user), await session(user)];
    const next = token();
    await kept.users.sessions.rotate(one.first, next, span);
    await kept.users.sessions.rotate(next, token(), span);
    assert.equal(await kept.users.sessions.rotate(one.first, token(), span), undefined);
    assert.equal(await kept.users.sessions.rotate(next, token(), span), undefined);
    const { items } = await kept.users.sessions.list(user.user_id, NOW, page);
    assert.deepEqual(
      items.map((item) => item.session_id),
      [two.session_id],
    );
  });

  test('of fifty uses of one token at once, one succeeds and the session ends', async () => {
    const user = await saved(kept.users, 'raced');
    const { first } = await session(user);
    const uses = Array.from({ length: 50 }, (_, i) => ({ next: token(), by: i % 2 ? kept.users : kept.others }));
    const answers = await Promise.all(uses.map(({ next, by }) => by.sessions.rotate(first, next, span)));
    const winners = uses.filter((_, i) => answers[i] !== undefined);
    assert.equal(winners.length, 1);
    const [winner] = winners;
    assert.equal(winner && (await kept.users.sessions.rotate(winner.next, token(), span)), undefined);
    assert.deepEqual((await kept.users.sessions.list(user.user_id, NOW, page)).items, []);
  });

  test('a session ends by itself, by its owner, and by nobody else', async () => {
    const user = await saved(kept.users, 'ending');
    const { first, session_id } = await session(user);
    const late = { now: LATER, until: LATER };
    assert.equal(await kept.users.sessions.rotate(first, token(), late), undefined);
    assert.equal(await kept.users.sessions.end(user.user_id + 1, session_id, NOW), false);
    assert.equal(await kept.users.sessions.end(user.user_id, session_id, NOW), true);
    assert.equal(await kept.users.sessions.end(user.user_id, session_id, NOW), false);
    assert.equal(await kept.users.sessions.rotate(first, token(), span), undefined);
    await kept.users.sessions.forget(LATER);
    // A table of tokens in PostgreSQL; in ClickHouse the rows of the session.
    const text =
      kept.driver === 'postgres'
        ? `select 1 from ${kept.place}.session_tokens where hash = '\\x${first.toString('hex')}'`
        : `select 1 from ${kept.place}.sessions where token_hash = '${first.toString('hex')}'`;
    assert.deepEqual(await kept.rows(text), []);
  });

  test('a session that goes on is not forgotten, nor are the tokens that it had', async () => {
    const user = await saved(kept.users, 'going-on');
    const [gone, mine] = [await session(user), await session(user)];
    const next = token();
    await kept.users.sessions.rotate(mine.first, next, { now: NOW, until: LATER });
    await kept.others.sessions.forget('2026-08-28T00:00:00.000Z');
    assert.equal(await kept.users.sessions.end(user.user_id, gone.session_id, NOW), false);
    assert.equal(await kept.users.sessions.rotate(mine.first, token(), span), undefined);
    assert.equal(await kept.users.sessions.rotate(next, token(), span), undefined);
  });

  test('sessions are listed in pages, newest first', async () => {
    const user = await saved(kept.users, 'everywhere');
    const opened = [];
    for (let i = 0; i < 3; i++) opened.push((await session(user)).session_id);
    const first = await kept.users.sessions.list(user.user_id, NOW, { limit: 2 });
    const second = await kept.others.sessions.list(user.user_id, NOW, { limit: 2, cursor: first.next });
    const listed = [...first.items, ...second.items];
    assert.deepEqual(
      listed.map(({ session_id }) => session_id),
      opened.toReversed(),
    );
    assert.deepEqual(listed.at(-1), {
      session_id: opened[0],
      created_at: NOW,
      last_used_at: NOW,
      expires_at: MONTH,
    });
    assert.equal(second.next, undefined);
  });

  test('a new password ends the sessions of the old one, also one that is opened late', async () => {
    const user = await saved(kept.users, 'careful');
    const [mine, theirs] = [await session(user), await session(user)];
    const changed = await kept.users.save(at(NOW), changePassword(user, 'a new hash', at(NOW)));
    await kept.users.sessions.keep(changed, mine.session_id);
    const late = await session(user);
    assert.equal(await kept.users.sessions.rotate(theirs.first, token(), span), undefined);
    assert.equal(await kept.users.sessions.rotate(late.first, token(), span), undefined);
    assert.notEqual(await kept.users.sessions.rotate(mine.first, token(), span), undefined);
  });

  test('ten processes that start at once sign with the same key', async () => {
    const keys = await Promise.all(
      Array.from({ length: 10 }, (_, i) => (i % 2 ? kept.users : kept.others).signingKey(makeSigningKey, NOW)),
    );
    assert.equal(new Set(keys.map((key) => key.kid)).size, 1);
    assert.equal(
      keys.every((key) => key.d === keys[0]?.d && key.crv === 'Ed25519'),
      true,
    );
  });

  test('what an account was before is forgotten once it was announced', async () => {
    const request = { op: 'POST /register', key: 'a key', fingerprint: 'a print' };
    const cause = { consumer: 'user.test', eventId: '01980000-0000-7000-8000-000000000001' };
    const user = await saved(kept.users, 'moving', false, { request });
    const answer = await kept.answer('a key');
    assert.deepEqual([answer?.fingerprint, 'password_hash' in Object(answer?.result)], ['a print', false]);
    const old = updateProfile(user, { email: 'old@example.com', display_name: 'Old Name' }, at(NOW));
    const moved = await kept.users.save(at(NOW, { cause }), old);
    await kept.users.save(at(NOW), changePassword(moved, 'hash two', at(NOW)));
    await kept.users.rehash(user.user_id, 'hash two', 'hash three');
    const before = await kept.announced();
    await kept.others.forgetEarlier();
    assert.deepEqual(await kept.announced(), before);

    await kept.publish();
    const rehashed = await kept.users.get(user.user_id);
    const cleared = updateProfile(rehashed, { email: null, display_name: null }, at(NOW));
    const last = await kept.others.save(at(NOW), cleared);
    await Promise.all([kept.users.forgetEarlier(), kept.others.forgetEarlier()]);
    assert.deepEqual((await kept.announced()).at(-1)?.data.changed, ['email', 'display_name']);
    await kept.publish();
    await kept.users.forgetEarlier();
    const rows = await kept.rows(`select * from ${kept.place}.users where user_id = ${user.user_id}`);
    assert.doesNotMatch(JSON.stringify(rows), /a hash|hash two|old@example|Old Name/);
    // Here an account is one row; there its rows stay, since they say what was answered and handled.
    assert.equal(rows.length, kept.driver === 'postgres' ? 1 : 5);

    assert.deepEqual(await kept.users.get(user.user_id), last);
    assert.deepEqual(await kept.answer('a key'), answer);
    await assert.rejects(saved(kept.users, 'moving-again', false, { request }), DuplicateRequest);
    const again = kept.users.save(at(NOW, { cause }), updateProfile(last, { phone: '+3212345' }, at(NOW)));
    await assert.rejects(again, DuplicateEvent);
  });
});
