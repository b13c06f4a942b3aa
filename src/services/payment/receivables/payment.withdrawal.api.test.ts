import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { TestClient } from '../../../testing/client.ts';
import { type World, world } from '../../../testing/world.ts';

let shop: World;
let alice: TestClient;

before(async () => {
  shop = await world();
  alice = await shop.as('alice');
});
after(() => shop.close());

test('a transaction that has moved since it was read is not withdrawn: 412, and it stays as it is', async () => {
  const { body } = await alice.post('/transactions', { amount: 12, description: 'a coffee' });
  const read = await alice.get(`/transactions/${body.id}`);
  const etag = read.headers.get('etag') ?? '';
  assert.notEqual(etag, '');
  await alice.post('/transactions/pay', {});
  const late = await alice.delete(`/transactions/${body.id}`, { 'if-match': etag });
  assert.equal(late.status, 412);
  assert.equal((await alice.get(`/transactions/${body.id}`)).body.status, 'paid');
});

test('one that has not moved is withdrawn', async () => {
  const { body } = await alice.post('/transactions', { amount: 12, description: 'a tea' });
  const etag = (await alice.get(`/transactions/${body.id}`)).headers.get('etag') ?? '';
  const answer = await alice.delete(`/transactions/${body.id}`, { 'if-match': etag });
  assert.ok(answer.status < 300, `${answer.status}`);
});
