import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { eachStore } from '../../testing/stores.ts';
import { createPasswords, type Passwords } from './sign-in/user.passwords.ts';
import { at, type KeptUsers, keptUsers, NOW, someTools } from './user.fixture.ts';
import { registerUser } from './user.model.ts';
import { userService } from './user.service.ts';

eachStore('the user service', (store) => {
  let kept: KeptUsers;
  before(async () => {
    kept = await keptUsers(store);
  });
  after(() => kept.close());

  async function oldAccount(username: string, cost: number): Promise<number> {
    const password_hash = await bcrypt('password123', { cost });
    const facts = { user_id: await kept.users.ids.next(), username, password_hash, founder: false };
    return (await kept.users.save(at(NOW), registerUser(facts, at(NOW)))).user_id;
  }

  test('an unknown name costs the same check as a wrong password, and reads the same', async () => {
    const real = createPasswords(4);
    const checks: (string | undefined)[] = [];
    const counting: Passwords = {
      ...real,
      verify(password, hash) {
        checks.push(hash);
        return real.verify(password, hash);
      },
    };
    const service = userService({ repository: kept.users, peers: {}, tools: someTools() }, counting);
    await oldAccount('known', 4);
    const refusals = [];
    for (const username of ['known', 'unknown', 'no name at all', 'nul\0']) {
      refusals.push(await service.login(at(NOW), { username, password: 'wrong password' }).catch((error) => error));
    }
    assert.equal(checks.length, 4);
    assert.match(String(checks[0]), /^\$2b\$04\$/);
    assert.deepEqual(checks.slice(1), [undefined, undefined, undefined]);
    for (const { message, status } of refusals) assert.deepEqual([message, status], ['Invalid credentials', 401]);
  });

  test('a sign-in renews a hash that was made with less work', async () => {
    const user_id = await oldAccount('weak', 4);
    const service = userService({ repository: kept.users, peers: {}, tools: someTools() }, createPasswords(5));
    const login = () => service.login(at(NOW), { username: 'WEAK', password: 'password123' });
    await login();
    const renewed = (await kept.users.get(user_id)).password_hash;
    assert.match(renewed, /^\$2b\$05\$/);
    await login();
    assert.equal((await kept.users.get(user_id)).password_hash, renewed);
  });

  test('an admin who was demoted cannot use an old token to come back', async () => {
    const user_id = await oldAccount('former', 4);
    const service = userService({ repository: kept.users, peers: {}, tools: someTools() });
    const actor = { kind: 'user' as const, id: user_id, username: 'former', role: 'admin' as const };
    await assert.rejects(service.setRole(at(NOW, { actor }), { user_id, role: 'admin' }), {
      code: 'TRADEPOST_FORBIDDEN',
    });
  });
});
