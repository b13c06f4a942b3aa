import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Type } from 'typebox';
import { Nothing, op, PageOf, paging } from '../../contract/contract.ts';
import { cursorsOf } from './cursors.ts';

const list = (id: string) => {
  const input = Type.Object({ q: Type.Optional(Type.String()), ...paging });
  const one = op('GET /things', { access: 'public', summary: '', input, output: PageOf(Nothing()) });
  return cursorsOf({ ...one, id });
};
const [things, others] = [list('thing.list'), list('other.list')];

test('a cursor goes back to the list that made it, whatever the length of its pages', () => {
  const { next } = things?.mark({ items: [], next: 'place' }, { q: 'a', limit: 2 }) ?? {};
  assert.notEqual(next, 'place');
  assert.deepEqual(things?.read({ q: 'a', limit: 50, cursor: next }), { q: 'a', limit: 50, cursor: 'place' });
});

test('another list, another filter, or none of these has no such cursor', () => {
  const { next } = things?.mark({ items: [], next: 'place' }, { q: 'a' }) ?? {};
  const refused = { code: 'TRADEPOST_BAD_CURSOR', status: 400 };
  assert.throws(() => others?.read({ q: 'a', cursor: next }), refused);
  for (const q of ['b', undefined]) assert.throws(() => things?.read({ q, cursor: next }), refused);
  for (const cursor of ['', 'place', next?.slice(1)]) assert.throws(() => things?.read({ q: 'a', cursor }), refused);
});

test('the first page has no cursor, and the last one gives none', () => {
  const input = { q: 'a' };
  assert.equal(things?.read(input), input);
  assert.deepEqual(things?.mark({ items: [] }, input), { items: [] });
});
