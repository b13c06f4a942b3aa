import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eachEngine } from '../../../../testing/engines.ts';
import { cursorId, pageOf } from '../../pages.ts';
import type { Database, Statement } from '../postgres.ts';
import { at, type KeptToys, keptToys, make, plain, type ToyState, toyContract } from './save.fixture.ts';
import { postgresStore, schemaOf } from './store.ts';

eachEngine('the store of a service', (engine) => {
  let kept: KeptToys;
  before(async () => {
    kept = await keptToys(engine);
    const save = kept.store.saver<ToyState>(plain);
    await Promise.all([1, 2, 3, 4, 5].map((id) => save(at(), make(id))));
  });
  after(() => kept.close());

  type Row = { toy_id: number; name: string };
  const text = 'select toy_id, name from tradepost_toy.toys where toy_id = any($1)';

  test('a service has a schema of its own', () => {
    assert.deepEqual([kept.store.schema, schemaOf('order')], ['tradepost_toy', 'tradepost_order']);
  });

  test('reads that wait at the same moment are one statement, and each has its own row or none', async () => {
    const asked: (readonly unknown[] | undefined)[] = [];
    const watched: Database = {
      ...kept.db,
      query: async <R extends object>(statement: Statement, values?: readonly unknown[]) => {
        asked.push(values);
        return kept.db.query<R>(statement, values);
      },
    };
    const read = postgresStore(watched, toyContract).reader<number, Row>('toy', text, (row) => row.toy_id);
    const rows = await Promise.all([3, 99, 1, 3].map(read));
    assert.deepEqual(
      rows.map((row) => row?.name),
      ['toy 3', undefined, 'toy 1', 'toy 3'],
    );
    assert.deepEqual(asked, [[[3, 99, 1]]]);
  });

  test('a read sees what was saved before it was asked', async () => {
    const read = kept.other.reader<number, Row>('toy', text, (row) => row.toy_id);
    const save = kept.store.saver<ToyState>(plain);
    for (let id = 100; id < 120; id++) {
      await save(at(), make(id));
      assert.equal((await read(id))?.toy_id, id);
    }
  });
});

const rows = (...ids: number[]) => ids.map((id) => ({ id }));

test('a list that was read with one row more than asked is cut to a page with a way to the next', () => {
  const page = pageOf(rows(5, 6, 7), 2, (row) => row.id);
  assert.deepEqual(page.items, rows(5, 6));
  assert.equal(cursorId(page.next), 6);
});

test('the last page leads nowhere, also when it is just full, and an empty one too', () => {
  for (const all of [rows(5, 6), rows(5), []])
    assert.deepEqual(
      pageOf(all, 2, (row) => row.id),
      { items: all },
    );
});

test('without a cursor a list begins at its beginning', () => {
  assert.equal(cursorId(undefined), undefined);
});

test('a cursor that no list made is refused', () => {
  const made = (text: string) => Buffer.from(text).toString('base64url');
  const forged = ['', 'x', '6', made('6'), made('v1 '), made('v1 x'), made('v1 -1'), made('v1 1.5'), made('v2 6')];
  const others = [made('v1 6; drop table'), made('v1 99999999999999999'), made(' v1 6'), made('v1 6\n7'), '%00', '💥'];
  for (const cursor of [...forged, ...others]) {
    assert.throws(() => cursorId(cursor), { code: 'TRADEPOST_BAD_CURSOR', status: 400 }, cursor);
  }
});
