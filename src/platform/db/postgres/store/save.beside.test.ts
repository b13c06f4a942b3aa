import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eachEngine } from '../../../../testing/engines.ts';
import { at, change, type KeptToys, keptToys, keyed, make, plain } from './save.fixture.ts';

/** Toys whose stock an update adds to, whatever is there when its turn comes, with a table of what came. */
const added = {
  ...plain,
  updates: { stock: 'locked.stock + r.stock' },
  locks: ['stock'],
  computed: ['stock'],
  beside: {
    insert: 'insert into tradepost_toy.arrivals select toy_id, 0, r.stock from saved join rows r using (toy_id)',
    update: `insert into tradepost_toy.arrivals select toy_id, l.stock, s.stock
      from saved s join locked l using (toy_id)`,
  },
};

eachEngine('what an update computes', (engine) => {
  let kept: KeptToys;
  before(async () => {
    kept = await keptToys(engine);
    await kept.db.script('create table tradepost_toy.arrivals (toy_id bigint, before bigint, after bigint)');
  });
  after(() => kept.close());

  test('is in the state and in the kept answer, and a statement beside it saw what it began with', async () => {
    const save = kept.store.saver(added);
    const toy = await save(at(), make(1, { stock: 5 }));
    // Somebody else takes two without a new version.
    await kept.rows('update tradepost_toy.toys set stock = stock - 2 where toy_id = 1');
    const ctx = at(keyed('add k1'));
    const saved = await save(ctx, change(toy, { stock: 4 }));
    assert.deepEqual([saved.stock, saved.version], [7, 2]);
    const answer = (await kept.store.findAnswer('add k1'))?.result as { stock: number };
    assert.equal(answer.stock, 7);
    assert.deepEqual(await kept.rows('select * from tradepost_toy.arrivals order by after'), [
      { toy_id: 1, before: 0, after: 5 },
      { toy_id: 1, before: 3, after: 7 },
    ]);
    await assert.rejects(save(ctx, change(saved, { stock: 1 })), { name: 'DuplicateRequest' });
    await assert.rejects(save(at(), change(toy, { stock: 1 })), { code: 'TRADEPOST_STALE' });
    assert.equal((await kept.rows('select * from tradepost_toy.arrivals')).length, 2, 'what is not saved has none');
  });
});
