import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eachEngine } from '../../../../testing/engines.ts';
import { DuplicateEvent } from '../../../contract/duplicates.ts';
import { common } from '../../../contract/errors.ts';
import { at, caused, change, type KeptToys, keptToys, make, plain, type ToyState } from './save.fixture.ts';
import type { Journal } from './save.ts';

const journal: Journal = {
  table: 'journal',
  key: 'event_id',
  payload: 'data',
  columns: { event_id: 'uuid', toy_id: 'bigint', type: 'text', source: 'text', data: 'json' },
  rowOf: ({ id, subject, type, source, data }) =>
    subject === '13' ? undefined : { event_id: id, toy_id: Number(subject), type, source, data },
};

eachEngine('a save that records what it announces', (engine) => {
  let toys: KeptToys;
  let save: ReturnType<typeof toys.store.saver<ToyState>>;
  before(async () => {
    toys = await keptToys(engine);
    await toys.db.script(`create table tradepost_toy.journal (event_id uuid primary key, toy_id bigint not null,
      type text not null, source text not null, data json not null, nth bigint generated always as identity)`);
    save = toys.store.saver<ToyState>({ ...plain, journal });
  });
  after(() => toys.close());

  const recorded = async (toy_id: number) =>
    (await toys.rows(`select * from tradepost_toy.journal where toy_id = ${toy_id} order by nth`)).map(
      ({ type }) => type,
    );

  test('it is there with the state, each event once and in its order, under the id under which it is published', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, (_, n) => save(at(), make(100 + n))));
    await Promise.all(made.map((toy) => save(at(), change(toy, { name: `new ${toy.toy_id}` }))));
    for (const { toy_id } of made) assert.deepEqual(await recorded(toy_id), ['toy.made', 'toy.changed']);
    const both = await toys.rows(`select o.id = j.event_id and o.data::text = j.data::text as same, j.source
      from tradepost_toy.outbox o left join tradepost_toy.journal j on j.event_id = o.id`);
    assert.deepEqual([...new Set(both.map(({ same, source }) => `${same} ${source}`))], ['true toy']);
  });

  test('what is not saved is not recorded, and neither is what is to be left out', async () => {
    const toy = await save(at(), make(1));
    await save(at(caused(1)), change(toy, { name: 'first' }));
    await assert.rejects(save(at(), change(toy, { name: 'late' })), { code: common.STALE.code });
    await assert.rejects(save(at(caused(1)), change({ ...toy, version: 2 }, { name: 'again' })), DuplicateEvent);
    await assert.rejects(save(at(), make(2, { name: 'first' })), { code: 'TOY_NAME_TAKEN' });
    await save(at(), make(13));
    assert.deepEqual(await recorded(1), ['toy.made', 'toy.changed']);
    assert.deepEqual([await recorded(2), await recorded(13)], [[], []]);
  });
});
