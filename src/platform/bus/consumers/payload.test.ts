import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { event, Money } from '../../contract/contract.ts';
import { Malformed, payloadOf } from './payload.ts';

const made = event('toy.made', 'a toy was made', Type.Object({ price: Money(), tags: Type.Array(Type.String()) }));

test('a payload is decoded once for everybody, and nobody can change what the others see', () => {
  const payload = payloadOf('{"price":12.5,"tags":["red"],"later":{"known":true}}');
  const first = payload.as(made) as { price: number; tags: string[]; later: { known: boolean } };
  assert.deepEqual(first, { price: 1_250, tags: ['red'], later: { known: true } });
  assert.equal(payload.as(made), first);
  const all = [first, first.tags, first.later];
  assert.deepEqual(all.map(Object.isFrozen), [true, true, true]);
});

test('who knows a type by another description reads the payload for himself', () => {
  const earlier = event('toy.made', 'the same, as an earlier version has it', Type.Object({ price: Type.Number() }));
  const payload = payloadOf('{"price":12.5,"tags":[]}');
  assert.deepEqual(
    [payload.as(earlier), payload.as(made)],
    [
      { price: 12.5, tags: [] },
      { price: 1_250, tags: [] },
    ],
  );
});

test('a payload that is not what its contract says is malformed for everybody', () => {
  for (const data of ['no JSON', '[]', 'null', '{"price":1.234,"tags":[]}', '{"price":1}']) {
    const payload = payloadOf(data);
    for (const _ of [1, 2]) assert.throws(() => payload.as(made), Malformed);
  }
});
