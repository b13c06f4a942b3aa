import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonical, summing } from './checksum.ts';
import { compareTable } from './compare.ts';
import type { PortableRow, PortableTable } from './portable.ts';

const row = (id: number, more: object = {}): PortableRow => ({ id, name: `row ${id}`, ...more });
const rows = Array.from({ length: 1_000 }, (_, n) => row(n + 1));

function tableOf(held: readonly PortableRow[]): PortableTable {
  return {
    name: 'things',
    key: ['id'],
    count: async () => held.length,
    async read(after, limit) {
      const start = Number(after?.[0] ?? 0);
      const page = held.slice(start, start + limit);
      return page.length === 0 ? undefined : { rows: page, end: [start + page.length] };
    },
  };
}

const compared = (left: readonly PortableRow[], right: readonly PortableRow[]) =>
  compareTable(tableOf(left), tableOf(right), 64, () => undefined);

test('equal values are equal text, in whatever order their fields come', () => {
  assert.equal(canonical({ b: [1, { d: null, c: 'x' }], a: 2 }), canonical({ a: 2, b: [1, { c: 'x', d: null }] }));
  assert.equal(canonical({ a: undefined }), '{}');
  assert.notEqual(canonical({ a: [1, 2] }), canonical({ a: [2, 1] }));
  assert.notEqual(canonical({ a: 1 }), canonical({ a: '1' }));
});

test('the order in which an engine reads its rows does not matter', async () => {
  const outcome = await compared(rows, rows.toReversed());
  assert.equal(outcome.same, true);
  assert.equal(outcome.rows, 1_000);
  const sum = summing(['id']);
  for (const one of rows) sum.add(one);
  assert.equal(outcome.checksum, sum.sum().text);
});

test('a row that is missing, that is too many or that differs is named, the first of them', async () => {
  const without = rows.filter(({ id }) => id !== 500 && id !== 70);
  assert.match((await compared(rows, without)).difference ?? '', /^id 70 is missing$/);
  assert.match((await compared(without, rows)).difference ?? '', /^id 70 is not in the source$/);
  const changed = rows.map((one) => (one.id === 999 ? row(999, { name: 'another' }) : one));
  assert.deepEqual(
    [(await compared(rows, changed)).same, (await compared(rows, changed)).difference],
    [false, 'id 999 differs'],
  );
});

test('a row that is there twice is a difference', async () => {
  const outcome = await compared(rows, [...rows, row(7)]);
  assert.deepEqual([outcome.same, outcome.difference], [false, 'id 7 differs']);
});
