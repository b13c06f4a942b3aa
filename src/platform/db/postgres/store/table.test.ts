import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eachEngine } from '../../../../testing/engines.ts';
import type { Columns } from '../../columns.ts';
import { at, change, type KeptToys, keptToys, make, plain, type ToyState } from './save.fixture.ts';
import type { StateTable } from './table.ts';

eachEngine('the table of a state', (engine) => {
  let kept: KeptToys;
  let toys: StateTable<ToyState>;

  before(async () => {
    kept = await keptToys(engine);
    toys = kept.store.table<ToyState, 'restocked'>(plain);
    await Promise.all([1, 2, 3, 4, 5].map((id) => toys.save(at(), make(id, { stock: id % 2 }))));
  });
  after(() => kept.close());

  const ids = (items: readonly ToyState[]) => items.map(({ toy_id }) => toy_id);

  test('a state is read as it was saved, by its id and by another column', async () => {
    const saved = { ...make(3, { stock: 1 }).next, restocked: false, version: 1 };
    assert.deepEqual(await toys.get(3), saved);
    assert.deepEqual(await toys.by<string>('name', 'name', ({ name }) => name)('toy 3'), saved);
    assert.equal(await toys.get(99), undefined);
    assert.deepEqual([...(await toys.find([5, 99, 1, 5])).keys()], [5, 1]);
  });

  test('a list is newest first or oldest first, keeps its condition, and goes on where a page ended', async () => {
    const odd = toys.list({ name: 'odd', where: 'stock = $3' });
    const first = await odd({ limit: 2 }, [1]);
    assert.deepEqual(ids(first.items), [5, 3]);
    assert.deepEqual(ids((await odd({ limit: 2, cursor: first.next }, [1])).items), [1]);
    const upwards = toys.list({ name: 'upwards', where: 'stock = $3 or stock = $4', order: 'asc' });
    const page = await upwards({ limit: 3 }, [0, 1]);
    assert.deepEqual(ids(page.items), [1, 2, 3]);
    assert.deepEqual(ids((await upwards({ limit: 3, cursor: page.next }, [0, 1])).items), [4, 5]);
  });

  test('what is saved over what was read is the next version', async () => {
    const read = await toys.get(4);
    assert.ok(read);
    const saved = await toys.save(at(), change(read, { name: 'a drum' }));
    assert.deepEqual([saved.version, (await toys.get(4))?.name], [2, 'a drum']);
    await assert.rejects(toys.save(at(), change(read, { name: 'a flute' })), { code: 'TRADEPOST_STALE' });
  });
});

test('a map of columns that forgets a field, has one too many or cannot keep one does not compile', () => {
  interface Kite {
    readonly kite_id: number;
    readonly tail: string | null;
    readonly version: number;
  }
  const all: Columns<Kite> = { kite_id: 'bigint', tail: 'text' };
  // @ts-expect-error `tail` is forgotten
  const forgotten: Columns<Kite> = { kite_id: 'bigint' };
  // @ts-expect-error no field has this name
  const surplus: Columns<Kite> = { kite_id: 'bigint', tail: 'text', wind: 'text' };
  // @ts-expect-error a text does not fit into a number
  const wrong: Columns<Kite> = { kite_id: 'bigint', tail: 'bigint' };
  assert.equal(Object.keys(all).length + Object.keys(forgotten).length, 3);
  assert.equal(Object.keys(surplus).length + Object.keys(wrong).length, 5);
});
