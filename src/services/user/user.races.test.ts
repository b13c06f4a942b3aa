import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { eachStore } from '../../testing/stores.ts';
import { at, type KeptUsers, keptUsers, NOW, saved } from './user.fixture.ts';
import { changePassword, changeRole, type UserState, updateProfile } from './user.model.ts';

const span = { now: NOW, until: '2026-08-27T09:30:00.000Z' };
const token = () => randomBytes(32);
const page = { limit: 50 };

eachStore('people who come at once', (store) => {
  let kept: KeptUsers;
  before(async () => {
    kept = await keptUsers(store);
  });
  beforeEach(() => kept.clear());
  after(() => kept.close());

  const turns = (n: number) => Array.from({ length: n }, (_, i) => (i % 2 ? kept.users : kept.others));
  const codesOf = (results: readonly PromiseSettledResult<unknown>[]) =>
    results.flatMap((one) => (one.status === 'rejected' ? [(one.reason as { code: string }).code] : []));
  // PostgreSQL has an index that is unique; ClickHouse has none, and looks under the lock of the table.
  const by = store.driver === 'postgres' ? 'the index' : 'the lock';

  test(`of fifty registrations of one name one is made, and announced (by ${by})`, async () => {
    const results = await Promise.allSettled(turns(50).map((users, i) => saved(users, i % 3 ? 'wanted' : 'WANTED')));
    assert.deepEqual(codesOf(results), Array(49).fill('USER_NAME_TAKEN'));
    const [winner] = results.filter((one) => one.status === 'fulfilled');
    assert.deepEqual(await kept.users.findByName('Wanted'), winner?.value);
    assert.deepEqual(
      (await kept.announced()).map(({ type, subject }) => [type, subject]),
      [['user.registered', String(winner?.value.user_id)]],
    );
  });

  test(`of ten first accounts one is made (by ${by})`, async () => {
    const results = await Promise.allSettled(turns(10).map((users, i) => saved(users, `first-${i}`, true)));
    assert.deepEqual(codesOf(results), Array(9).fill('USER_FOUNDED'));
    const { items } = await kept.users.list({ limit: 50 });
    assert.deepEqual(
      items.map(({ role, founder }) => [role, founder]),
      [['admin', true]],
    );
  });

  test('of two admins who demote each other one stays', async () => {
    let one = await saved(kept.users, 'one', true);
    let two = await kept.users.save(at(NOW), changeRole(await saved(kept.users, 'two'), 'admin', at(NOW)));
    for (let round = 0; round < 10; round++) {
      const results = await Promise.allSettled([
        kept.users.save(at(NOW), changeRole(one, 'customer', at(NOW))),
        kept.others.save(at(NOW), changeRole(two, 'customer', at(NOW))),
      ]);
      assert.deepEqual(codesOf(results), ['USER_LAST_ADMIN']);
      [one, two] = (await Promise.all([one, two].map(({ user_id }) => promoted(user_id)))) as [UserState, UserState];
    }
  });

  async function promoted(user_id: number): Promise<UserState> {
    return kept.others.save(at(NOW), changeRole(await kept.users.get(user_id), 'admin', at(NOW)));
  }

  test('a demotion that comes too late takes no office', async () => {
    const one = await saved(kept.users, 'one', true);
    const two = await promoted((await saved(kept.users, 'two')).user_id);
    await kept.users.save(at(NOW), updateProfile(two, { locale: 'nl' }, at(NOW)));
    const results = await Promise.allSettled(
      [two, one].map((user) => kept.users.save(at(NOW), changeRole(user, 'customer', at(NOW)))),
    );
    assert.deepEqual(codesOf(results), ['TRADEPOST_STALE']);
  });

  test('a new password stays, also when the old hash is made better at that moment', async () => {
    const users = await Promise.all(turns(10).map((repository, i) => saved(repository, `person-${i}`)));
    const change = (user: UserState) => kept.users.save(at(NOW), changePassword(user, 'a new hash', at(NOW)));
    const better = ({ user_id }: UserState) => kept.others.rehash(user_id, 'a hash', 'a better hash');
    const acts = users.flatMap((user, i) => (i % 2 ? [change(user), better(user)] : [better(user), change(user)]));
    await Promise.all<unknown>(acts);
    const { items } = await kept.users.list({ limit: 50 });
    assert.deepEqual(new Set(items.map(({ password_hash }) => password_hash)), new Set(['a new hash']));
  });

  test('of twenty uses of one token one succeeds, while other sessions go on', async () => {
    const user = await saved(kept.users, 'busy');
    const opened = await Promise.all(
      turns(20).map(async ({ sessions }) => {
        const first = token();
        return { first, session_id: await sessions.open(user, first, span) };
      }),
    );
    const [stolen, ...rest] = opened as [(typeof opened)[number], ...typeof opened];
    const answers = await Promise.all([
      ...turns(20).map(({ sessions }) => sessions.rotate(stolen.first, token(), span)),
      ...rest.map(({ first }, i) => (i % 2 ? kept.users : kept.others).sessions.rotate(first, token(), span)),
    ]);
    assert.equal(answers.slice(0, 20).filter((answer) => answer !== undefined).length, 1);
    assert.deepEqual(
      answers.slice(20).map((answer) => answer?.session_id),
      rest.map(({ session_id }) => session_id),
    );
    const { items } = await kept.users.sessions.list(user.user_id, NOW, page);
    assert.deepEqual(new Set(items.map(({ session_id }) => session_id)), new Set(rest.map((one) => one.session_id)));
  });
});
