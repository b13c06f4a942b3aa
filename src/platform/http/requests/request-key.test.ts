import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Type } from 'typebox';
import { type Actor, Nothing, op } from '../../contract/contract.ts';
import { requestKey } from './request-key.ts';

const line = Type.Object({
  product_id: Type.Integer(),
  quantity: Type.Integer(),
  gift: Type.Optional(Type.Object({})),
});
const place = {
  ...op('POST /orders', {
    access: 'customer',
    summary: '',
    idempotent: true,
    input: Type.Object({ items: Type.Array(line), password: Type.Optional(Type.String({ writeOnly: true })) }),
    output: Nothing(),
  }),
  id: 'order.place',
};
const single = {
  ...op('POST /orders/single', {
    access: 'customer',
    summary: '',
    idempotent: true,
    sameAs: (input) => ({ op: 'order.place', input: { items: [input] } }),
    input: line,
    output: Nothing(),
  }),
  id: 'order.placeSingle',
};
const alice: Actor = { kind: 'user', id: 7, username: 'alice', role: 'customer' };
const guest: Actor = { kind: 'anonymous' };

test('the order of fields makes no other request, at any depth; that of a list does', () => {
  const print = (items: object[]) => requestKey(place, alice, 'k', { items })?.fingerprint;
  const [one, two] = [
    { product_id: 1, quantity: 2, gift: { a: 1, b: [{ c: 1, d: 2 }] } },
    { product_id: 2, quantity: 1 },
  ];
  const turned = { gift: { b: [{ d: 2, c: 1 }], a: 1 }, quantity: 2, product_id: 1 };
  assert.equal(print([turned, two]), print([one, two]));
  assert.equal(print([{ ...two, gift: undefined }]), print([two]));
  assert.notEqual(print([two, one]), print([one, two]));
  assert.notEqual(print([{ product_id: 1, quantity: 1 }]), print([{ product_id: 1, quantity: 2 }]));
});

test('what is secret is no part of the fingerprint', () => {
  const print = (password?: string) => requestKey(place, alice, 'k', { items: [], password })?.fingerprint;
  assert.equal(print('one'), print('two'));
});

test('operations that do the same share their keys, and nothing else does', () => {
  const input = { product_id: 1, quantity: 2 };
  const [here, there] = [requestKey(single, alice, 'k', input), requestKey(place, alice, 'k', { items: [input] })];
  assert.deepEqual([here?.key, here?.fingerprint], [there?.key, there?.fingerprint]);
  assert.deepEqual([here?.op, there?.op], ['order.placeSingle', 'order.place']);
});

test('a request that an earlier version kept is known by its key and fingerprint of then', () => {
  const input = { quantity: 2, product_id: 1 };
  const was = createHash('sha256').update('{"product_id":1,"quantity":2}').digest('base64url');
  assert.deepEqual(requestKey(single, alice, 'k', input)?.earlier, { key: '7 order.placeSingle k', fingerprint: was });
});

test('guests with one key do not meet, unless they ask for the same', () => {
  const key = (quantity: number) => requestKey(place, guest, 'k', { items: [{ product_id: 1, quantity }] })?.key;
  assert.notEqual(key(1), key(2));
  assert.equal(key(1), key(1));
});
