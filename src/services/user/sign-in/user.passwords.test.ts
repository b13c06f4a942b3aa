import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hash as bcrypt } from '@node-rs/bcrypt';
import { createPasswords, turnstile } from './user.passwords.ts';

const passwords = createPasswords(4);

test('a password verifies against its own hash only', async () => {
  const hash = await passwords.hash('a quiet pond');
  assert.equal(await passwords.verify('a quiet pond', hash), true);
  assert.equal(await passwords.verify('a quiet pont', hash), false);
});

test('the hashes of an older system stay good', async () => {
  for (const version of ['2a', '2b', '2y'] as const) {
    const hash = await bcrypt('password123', { cost: 4, version });
    assert.equal(await passwords.verify('password123', hash), true);
  }
});

test('long passwords count to their last character, in bytes of any script', async () => {
  for (const long of ['x'.repeat(127), 'é'.repeat(99), '密'.repeat(60)]) {
    const hash = await passwords.hash(`${long}a`);
    assert.equal(await passwords.verify(`${long}a`, hash), true);
    assert.equal(await passwords.verify(`${long}b`, hash), false);
  }
});

test('a missing or broken hash verifies nothing', async () => {
  assert.equal(await passwords.verify('anything at all', undefined), false);
  assert.equal(await passwords.verify('anything at all', 'no hash'), false);
});

test('a hash of a lower cost is weak', async () => {
  const hash = await passwords.hash('a quiet pond');
  assert.equal(passwords.isWeak(hash), false);
  assert.equal(createPasswords(5).isWeak(hash), true);
});

test('a turnstile lets some run, some wait, and turns the next away', async () => {
  const pass = turnstile(2, 3);
  let running = 0;
  let most = 0;
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const task = async () => {
    most = Math.max(most, ++running);
    await gate;
    running--;
  };
  const admitted = Array.from({ length: 5 }, () => pass(task));
  await assert.rejects(pass(task), { code: 'USER_BUSY', kind: 'unavailable' });
  open();
  await Promise.all(admitted);
  assert.equal(most, 2);
  await pass(task);
});

test('a task that fails gives its place on', async () => {
  const pass = turnstile(1, 1);
  const failing = pass(() => Promise.reject(new Error('no')));
  const next = pass(async () => 'served');
  await assert.rejects(failing);
  assert.equal(await next, 'served');
});
