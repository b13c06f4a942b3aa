import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { eachEngine } from '../../../../testing/engines.ts';
import type { Change, Ctx } from '../../../contract/contract.ts';
import { DuplicateEvent, DuplicateRequest } from '../../../contract/duplicates.ts';
import { minor } from '../../../contract/money.ts';
import {
  at,
  caused,
  change,
  type KeptToys,
  keptToys,
  keyed,
  make,
  NOW,
  numbered,
  plain,
  type ToyState,
} from './save.fixture.ts';

type Save = (ctx: Ctx, change: Change<ToyState>) => Promise<ToyState>;
type Ended<T> = PromiseSettledResult<T>;

/** What became of each save: the id, or the code of its error. */
const fates = (results: readonly Ended<ToyState>[]) =>
  results.map((one) => (one.status === 'fulfilled' ? one.value.toy_id : (one.reason.code ?? one.reason.name)));

eachEngine('a save', (engine) => {
  let kept: KeptToys;
  let save: Save;
  let saveElsewhere: Save;
  let saveNumbered: Save;
  before(async () => {
    kept = await keptToys(engine);
    save = kept.store.saver<ToyState>(plain);
    saveElsewhere = kept.other.saver<ToyState>(plain);
    saveNumbered = kept.store.saver<ToyState>(numbered);
  });
  beforeEach(() => kept.clear());
  after(() => kept.close());

  const names = async () =>
    (await kept.rows('select name from tradepost_toy.toys order by toy_id')).map(({ name }) => name);
  const events = async () =>
    (await kept.rows('select type, subject from tradepost_toy.outbox order by position')).map(
      ({ type, subject }) => `${type} ${subject}`,
    );
  const counts = async () => {
    const count = (table: string) => `(select count(*) from tradepost_toy.${table}) as ${table}`;
    return (await kept.rows(`select ${['toys', 'outbox', 'request', 'inbox'].map(count)}`))[0];
  };

  test('what is new is there in its first version, and what changes has the next', async () => {
    const first = await save(at(), make(1));
    assert.deepEqual(first, { ...make(1).next, version: 1 });
    const second = await save(at(), change(first, { name: 'renamed' }));
    assert.equal(second.version, 2);
    assert.deepEqual(await kept.rows('select toy_id, name, price, stock, version from tradepost_toy.toys'), [
      { toy_id: 1, name: 'renamed', price: 1_250, stock: 5, version: 2 },
    ]);
    assert.deepEqual(await events(), ['toy.made 1', 'toy.changed 1']);
  });

  test('a change of a version that is no longer the newest is stale, and announces nothing', async () => {
    const first = await save(at(), make(1));
    await save(at(), change(first, { name: 'mine' }));
    await assert.rejects(save(at(), change(first, { name: 'yours' })), { code: 'TRADEPOST_STALE', status: 409 });
    assert.deepEqual([await names(), await events()], [['mine'], ['toy.made 1', 'toy.changed 1']]);
    await assert.rejects(save(at(), change({ ...first, toy_id: 99 }, {})), { code: 'TRADEPOST_STALE' });
  });

  test('of many changes of one version at once, here and in another process, one is saved', async () => {
    const first = await save(at(), make(1));
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? save : saveElsewhere)(at(), change(first, { name: `name ${i}` }))),
    );
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.deepEqual(await counts(), { toys: 1, outbox: 2, request: 0, inbox: 0 });
  });

  test('a change without events writes nothing', async () => {
    const { next } = make(1);
    assert.equal(await save(at({ ...keyed('k'), ...caused(1) }), { next, events: [] }), next);
    assert.deepEqual(await counts(), { toys: 0, outbox: 0, request: 0, inbox: 0 });
  });

  test('the event says what, when, for whom and because of what, in the JSON of its contract', async () => {
    const ctx = at({ trace: '00-a-b-01', requestId: 'request-1', ...caused(7) });
    await save(ctx, make(1, { price: minor(130_000) }));
    const [event] = await kept.rows(
      'select id::text, type, subject, data::text, time, trace, correlation, causation::text from tradepost_toy.outbox',
    );
    const { id, ...rest } = event ?? {};
    assert.match(String(id), /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    assert.deepEqual(rest, {
      type: 'toy.made',
      subject: '1',
      data: '{"toy_id":1,"name":"toy 1","price":1300.00,"number":null}',
      time: NOW,
      trace: '00-a-b-01',
      correlation: 'request-1',
      causation: caused(7).cause?.eventId,
    });
  });

  test('all events of a change are there, in their order', async () => {
    const { next, events: made } = make(1);
    const changed = change(next, {}).events;
    await save(at(), { next, events: [...made, ...changed, ...changed] });
    assert.deepEqual(await events(), ['toy.made 1', 'toy.changed 1', 'toy.changed 1']);
  });

  test('a request is kept in the same commit, with the state that it was answered from and without its secrets', async () => {
    const saved = await save(at(keyed('7 toy.make k', 'print')), make(1));
    const { password: _secret, ...open } = saved;
    assert.deepEqual(await kept.store.findAnswer('7 toy.make k'), {
      key: '7 toy.make k',
      fingerprint: 'print',
      result: open,
    });
    assert.equal(await kept.store.findAnswer('7 toy.make other'), undefined);
    const [row] = await kept.rows('select created_at from tradepost_toy.request');
    assert.deepEqual(row, { created_at: NOW });
  });

  test('a request that was answered before changes nothing, however it comes again', async () => {
    await save(at(keyed('k')), make(1));
    await assert.rejects(save(at(keyed('k')), make(2)), DuplicateRequest);
    await assert.rejects(saveElsewhere(at(keyed('k')), make(3)), DuplicateRequest);
    const first = (await kept.store.findAnswer('k'))?.result as ToyState;
    await assert.rejects(save(at(keyed('k')), change({ ...first, password: '' }, { name: 'again' })), DuplicateRequest);
    assert.deepEqual([await names(), await counts()], [['toy 1'], { toys: 1, outbox: 1, request: 1, inbox: 0 }]);
  });

  test('of one request many times at once, here and in another process, one is saved', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => (i % 2 ? save : saveElsewhere)(at(keyed('k')), make(i + 1))),
    );
    const refused = results.filter((one) => one.status === 'rejected');
    assert.equal(refused.length, 19);
    assert.ok(refused.every(({ reason }) => reason instanceof DuplicateRequest));
    assert.deepEqual(await counts(), { toys: 1, outbox: 1, request: 1, inbox: 0 });
  });

  test('the effect of an event happens once for each consumer, also when it is handled twice at once', async () => {
    const handlings = [
      save(at(caused(1)), make(1)),
      save(at(caused(1)), make(2)),
      saveElsewhere(at(caused(1)), make(3)),
      save(at(caused(2)), make(4)),
      save(at(caused(1, 'other.consumer')), make(5)),
    ];
    const results = await Promise.allSettled(handlings);
    const repeated = results.filter((one) => one.status === 'rejected');
    assert.equal(repeated.length, 2);
    assert.ok(repeated.every(({ reason }) => reason instanceof DuplicateEvent));
    assert.deepEqual(await counts(), { toys: 3, outbox: 3, request: 0, inbox: 3 });
  });

  test('a save that fails leaves no row, event, request nor mark', async () => {
    await save(at(), make(1));
    const marks = { ...keyed('k'), ...caused(1) };
    await assert.rejects(save(at(marks), make(2, { name: 'toy 1' })), { code: 'TOY_NAME_TAKEN' });
    await assert.rejects(save(at(marks), make(2, { stock: -1 })), { constraint: 'stock_not_negative' });
    await assert.rejects(save(at(marks), make(2, { name: 'nul\u0000' })), { kind: 'invalid' });
    await assert.rejects(save(at(marks), change({ ...make(1).next, version: 7 }, {})), { code: 'TRADEPOST_STALE' });
    assert.deepEqual(await counts(), { toys: 1, outbox: 1, request: 0, inbox: 0 });
    await save(at(marks), make(2));
    assert.deepEqual(await counts(), { toys: 2, outbox: 2, request: 1, inbox: 1 });
  });

  test('in a batch of new rows one that violates a constraint does not take its remotes along', async () => {
    const batch = [
      make(1),
      make(2, { stock: -1 }),
      make(3),
      make(4, { name: 'toy 3' }),
      make(1),
      make(5, { name: 'x\u0000' }),
    ];
    const results = await Promise.allSettled([...batch, make(6)].map((one) => save(at(), one)));
    const duplicate = results[4]?.status === 'rejected' ? results[4].reason.constraint : undefined;
    assert.equal(duplicate, 'toys_pkey');
    assert.deepEqual(fates(results), [1, '23514', 3, 'TOY_NAME_TAKEN', '23505', 'TRADEPOST_INVALID', 6]);
    assert.deepEqual(
      [await names(), await events()],
      [
        ['toy 1', 'toy 3', 'toy 6'],
        ['toy.made 1', 'toy.made 3', 'toy.made 6'],
      ],
    );
  });

  test('in a batch of changes one that is stale or violates a constraint does not take its remotes along', async () => {
    const toys = await Promise.all([1, 2, 3, 4].map((id) => save(at(), make(id))));
    const [one, two, three, four] = toys as [ToyState, ToyState, ToyState, ToyState];
    const results = await Promise.allSettled([
      save(at(), change(one, { name: 'changed' })),
      save(at(keyed('stale')), change({ ...two, version: 9 }, { name: 'stale' })),
      save(at(), change(three, { stock: -1, restocked: true })),
      save(at(keyed('kept')), change(four, { price: minor(1) })),
    ]);
    assert.deepEqual(fates(results), [1, 'TRADEPOST_STALE', '23514', 4]);
    assert.deepEqual(await names(), ['changed', 'toy 2', 'toy 3', 'toy 4']);
    assert.deepEqual((await events()).slice(4).sort(), ['toy.changed 1', 'toy.changed 4']);
    assert.equal(await kept.store.findAnswer('stale'), undefined);
  });

  test('in a batch a repeated request is told apart, and its remotes are saved', async () => {
    await save(at(keyed('k')), make(1));
    await save(at(caused(1)), make(2));
    const results = await Promise.allSettled([
      save(at(), make(3)),
      save(at(keyed('k')), make(4)),
      save(at(caused(1)), make(5)),
      save(at({ ...keyed('l'), ...caused(2) }), make(6)),
    ]);
    assert.deepEqual(fates(results), [3, 'DuplicateRequest', 'DuplicateEvent', 6]);
    assert.deepEqual(await counts(), { toys: 4, outbox: 4, request: 2, inbox: 2 });
  });

  test('an event that the contract does not describe is refused, and takes nobody along', async () => {
    const stranger = { next: make(2).next, events: [{ type: 'toy.eaten', subject: '2', data: {} }] };
    const results = await Promise.allSettled([save(at(), make(1)), save(at(), stranger), save(at(), make(3))]);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    );
    assert.deepEqual(await names(), ['toy 1', 'toy 3']);
  });

  test('two hundred saves at once are all there, each answered with its own', async () => {
    const saved = await Promise.all(
      Array.from({ length: 200 }, (_, i) => save(at(i % 3 ? {} : keyed(`k${i}`)), make(i + 1))),
    );
    assert.deepEqual(
      saved.map((toy) => [toy.toy_id, toy.name, toy.version]),
      saved.map((_, i) => [i + 1, `toy ${i + 1}`, 1]),
    );
    assert.deepEqual(await counts(), { toys: 200, outbox: 200, request: 67, inbox: 0 });
  });

  test('a column may be updated by an expression, which may read what the table does not keep', async () => {
    const toy = await save(at(), make(1, { stock: 5 }));
    await kept.db.script('update tradepost_toy.toys set stock = 2');
    const renamed = await save(at(), change(toy, { name: 'renamed' }));
    const stock = async () => (await kept.rows('select stock from tradepost_toy.toys'))[0]?.stock;
    assert.equal(await stock(), 2);
    await save(at(), change(renamed, { stock: 9, restocked: true }));
    assert.equal(await stock(), 9);
  });

  test('what the database assigns is in the answer, in the event and in the kept answer', async () => {
    const [first, second] = await Promise.all([saveNumbered(at(keyed('k')), make(1)), saveNumbered(at(), make(2))]);
    assert.deepEqual([first.number, second.number], [1, 2]);
    const numbers = await kept.rows(`select data ->> 'number' as number, data ->> 'price' as price
      from tradepost_toy.outbox order by position`);
    assert.deepEqual(numbers, [
      { number: '1', price: '12.50' },
      { number: '2', price: '12.50' },
    ]);
    const { password: _secret, ...open } = first;
    assert.deepEqual((await kept.store.findAnswer('k'))?.result, open);
    const renamed = await saveNumbered(at(keyed('l')), change(first, { name: 'renamed' }));
    assert.deepEqual([renamed.number, renamed.version], [1, 2]);
  });

  test('a row to which the database assigns nothing is not saved', async () => {
    const results = await Promise.allSettled([
      saveNumbered(at(), make(1)),
      saveNumbered(at(keyed('k')), make(2, { name: '' })),
      saveNumbered(at(), make(3)),
    ]);
    assert.deepEqual(fates(results), [1, 'TRADEPOST_STALE', 3]);
    assert.deepEqual(await kept.rows('select toy_id, number from tradepost_toy.numbered order by 1'), [
      { toy_id: 1, number: 1 },
      { toy_id: 3, number: 2 },
    ]);
    assert.deepEqual(await counts(), { toys: 0, outbox: 2, request: 0, inbox: 0 });
  });
});
