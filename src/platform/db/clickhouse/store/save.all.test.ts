import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { DuplicateEvent, DuplicateRequest } from '../../../contract/duplicates.ts';
import { minor } from '../../../contract/money.ts';
import { at, caused, change, keyed, make, NOW, type ToyState, toyContract } from '../../postgres/store/save.fixture.ts';
import { eachWay, type StoreTarget } from '../clickhouse.fixture.ts';
import type { ClickHouse } from '../engine.ts';
import { overEngine } from '../open.ts';
import { type ClickHouseStore, clickhouseStore, type States } from './store.ts';
import { fates, refusals, type Save, spec, TOYS } from './toys.fixture.ts';

// What a save promises over PostgreSQL is said in `../../postgres/store/save.test.ts`; here it is said of rows that are all kept.

eachWay('a save in ClickHouse', (way) => {
  let place: StoreTarget;
  let engine: ClickHouse;
  let store: ClickHouseStore;
  let toys: States<ToyState>;
  let save: Save;
  let saveElsewhere: Save;
  let saveNumbered: Save[];

  async function storeOf(process: string): Promise<ClickHouseStore> {
    const joined = await place.join();
    engine = joined.engine;
    const parts = overEngine(joined.engine, joined.locks, new Map([['toy', 'toys']]));
    return clickhouseStore({ ...parts, process }, toyContract);
  }

  const numberedIn = (one: ClickHouseStore): States<ToyState> =>
    one.states<ToyState, 'restocked'>({
      ...spec,
      table: 'numbered',
      // Without a gap: only those that will be written get one, and nobody writes meanwhile.
      async assign(states) {
        const [row] = await engine.query<{ last: number | null }>(
          `select max(number) as last from ${place.database}.numbered`,
        );
        return states.map(({ version }, n) => (version === 0 ? { number: (row?.last ?? 0) + n + 1 } : {}));
      },
    });

  before(async () => {
    place = await way.open('toy', TOYS.replace('TABLE', 'toys') + TOYS.replace('TABLE', 'numbered'));
    store = await storeOf('one');
    toys = store.states<ToyState, 'restocked'>(spec);
    save = toys.save;
    saveElsewhere = (await storeOf('other')).states<ToyState, 'restocked'>(spec).save;
    saveNumbered = [await storeOf('third'), await storeOf('fourth')].map((one) => numberedIn(one).save);
  });
  beforeEach(async () => {
    for (const table of ['toys', 'numbered', 'kept_mark'])
      await engine.command(`truncate table ${place.database}.${table}`);
  });
  after(() => place.close());

  const here = (n: number): Save => (n % 2 ? save : saveElsewhere);
  const rowsOf = (text: string) =>
    engine.query<Record<string, unknown>>(text.replace('toys', `${place.database}.toys`));
  const names = async () => (await toys.list({}, 'asc', { limit: 1_000 })).items.map(({ name }) => name);
  const events = async () =>
    (await rowsOf('select events from toys order by position')).flatMap(({ events: text }) =>
      (JSON.parse(String(text)) as { type: string; subject: string }[]).map(
        ({ type, subject }) => `${type} ${subject}`,
      ),
    );
  const rowCount = async () => (await rowsOf('select count() as n from toys'))[0]?.n;

  test('what is new is there in its first version, and what changes has the next', async () => {
    const first = await save(at(), make(1));
    assert.deepEqual(first, { ...make(1).next, version: 1 });
    const second = await save(at(), change(first, { name: 'renamed' }));
    assert.equal(second.version, 2);
    const { restocked: _, ...kept } = second;
    assert.deepEqual(await toys.get(1), kept);
    assert.deepEqual(await events(), ['toy.made 1', 'toy.changed 1']);
  });

  test('every version is kept: a change writes a row, and touches none (only in ClickHouse)', async () => {
    const first = await save(at(), make(1));
    await save(at(), change(first, { stock: 4 }));
    assert.deepEqual(await rowsOf('select version, stock, position > 0 as placed from toys order by version'), [
      { version: 1, stock: 5, placed: 1 },
      { version: 2, stock: 4, placed: 1 },
    ]);
  });

  test('a change of a version that is no longer the newest is stale, and announces nothing', async () => {
    const first = await save(at(), make(1));
    await save(at(), change(first, { name: 'mine' }));
    await assert.rejects(save(at(), change(first, { name: 'yours' })), { code: 'TRADEPOST_STALE', status: 409 });
    await assert.rejects(saveElsewhere(at(), change(first, {})), { code: 'TRADEPOST_STALE' });
    await assert.rejects(save(at(), change({ ...first, toy_id: 99 }, {})), { code: 'TRADEPOST_STALE' });
    assert.deepEqual([await names(), await events()], [['mine'], ['toy.made 1', 'toy.changed 1']]);
  });

  test('of many changes of one version at once, here and in another process, one is saved', async () => {
    const first = await save(at(), make(1));
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => here(i)(at(), change(first, { price: minor(i) }))),
    );
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.deepEqual([...new Set(fates(results))].sort(), [1, 'TRADEPOST_STALE']);
    assert.equal(await rowCount(), 2);
  });

  test('a change without events writes nothing', async () => {
    const { next } = make(1);
    assert.equal(await save(at({ ...keyed('k'), ...caused(1) }), { next, events: [] }), next);
    assert.equal(await rowCount(), 0);
  });

  test('the event says what, when, for whom and because of what, in the JSON of its contract', async () => {
    const ctx = at({ trace: '00-a-b-01', requestId: 'request-1', ...caused(7) });
    await save(ctx, make(1, { price: minor(130_000) }));
    const [row] = await rowsOf('select events from toys');
    const [{ id, actor: _, ...event }] = JSON.parse(String(row?.events));
    assert.match(String(id), /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    assert.deepEqual(event, {
      type: 'toy.made',
      subject: '1',
      data: { toy_id: 1, name: 'toy 1', price: 1300, number: null },
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

  test('a request is kept in the same row, and answered from it without its secrets', async () => {
    const { password: _, restocked: __, ...open } = await save(at(keyed('7 toy.make k', 'print')), make(1));
    const kept = { key: '7 toy.make k', fingerprint: 'print', result: open };
    assert.deepEqual(await store.findAnswer('7 toy.make k'), kept);
    assert.equal(await store.findAnswer('7 toy.make other'), undefined);
  });

  test('a request is answered as it was the first time, when the state has changed since', async () => {
    const first = await save(at(keyed('k')), make(1));
    await save(at(), change(first, { name: 'renamed' }));
    const kept = await store.findAnswer('k');
    assert.equal((kept?.result as ToyState | undefined)?.name, 'toy 1');
  });

  test('a request that was answered before changes nothing, however it comes again', async () => {
    const first = await save(at(keyed('k')), make(1));
    await assert.rejects(save(at(keyed('k')), make(2)), DuplicateRequest);
    await assert.rejects(saveElsewhere(at(keyed('k')), make(3)), DuplicateRequest);
    await assert.rejects(save(at(keyed('k')), change(first, { name: 'again' })), DuplicateRequest);
    assert.deepEqual([await names(), await rowCount()], [['toy 1'], 1]);
  });

  test('of one request many times at once, here and in another process, one is saved', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => here(i)(at(keyed('k')), make(i + 1))),
    );
    assert.equal(refusals(results).length, 19);
    assert.ok(refusals(results).every((reason) => reason instanceof DuplicateRequest));
    assert.equal(await rowCount(), 1);
  });

  test('the effect of an event happens once for each consumer, also when it is handled twice at once', async () => {
    const results = await Promise.allSettled([
      save(at(caused(1)), make(1)),
      save(at(caused(1)), make(2)),
      saveElsewhere(at(caused(1)), make(3)),
      save(at(caused(2)), make(4)),
      save(at(caused(1, 'other.consumer')), make(5)),
    ]);
    assert.equal(refusals(results).length, 2);
    assert.ok(refusals(results).every((reason) => reason instanceof DuplicateEvent));
    assert.equal(await rowCount(), 3);
  });

  test('requests and events that came from another store are known, too', async () => {
    const { consumer, eventId } = caused(1).cause as { consumer: string; eventId: string };
    const [result, fingerprint] = [JSON.stringify({ toy_id: 9 }), 'f'];
    await engine.insert(`${place.database}.kept_mark`, [
      { name: 'k', fingerprint, result, at: NOW },
      { name: `${consumer} ${eventId}`, fingerprint: '', result: '', at: NOW },
    ]);
    // They are brought before anything runs: a process looks once whether there are any.
    const later = await storeOf('later');
    const saveLater = later.states<ToyState, 'restocked'>(spec).save;
    await assert.rejects(saveLater(at(keyed('k')), make(1)), DuplicateRequest);
    await assert.rejects(saveLater(at(caused(1)), make(1)), DuplicateEvent);
    assert.deepEqual(await later.findAnswer('k'), { key: 'k', fingerprint, result: { toy_id: 9 } });
  });

  test('what no two rows may share is kept apart by the lock, here and in another process', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, i) => here(i)(at(), make(i + 1, { name: 'the only one' }))),
    );
    assert.equal(refusals(results).length, 19);
    assert.ok(refusals(results).every(({ code }) => code === 'TOY_NAME_TAKEN'));
    assert.deepEqual(await names(), ['the only one']);
  });

  test('of two that are new under one id the second is stale, where PostgreSQL names the key', async () => {
    const results = await Promise.allSettled([save(at(), make(1)), saveElsewhere(at(), make(1, { name: 'other' }))]);
    assert.deepEqual(fates(results).sort(), [1, 'TRADEPOST_STALE']);
  });

  test('a save that fails leaves no row, event, request nor mark', async () => {
    await save(at(), make(1));
    const marks = { ...keyed('k'), ...caused(1) };
    await assert.rejects(save(at(marks), make(2, { name: 'toy 1' })), { code: 'TOY_NAME_TAKEN' });
    await assert.rejects(save(at(marks), make(2, { stock: -1 })), { code: 'TOY_STOCK' });
    await assert.rejects(save(at(marks), make(2, { name: 'nul\u0000' })), { kind: 'invalid' });
    await assert.rejects(save(at(marks), make(2, { name: 'half \ud800' })), { kind: 'invalid' });
    await assert.rejects(save(at(marks), change({ ...make(1).next, version: 7 }, {})), { code: 'TRADEPOST_STALE' });
    assert.equal(await rowCount(), 1);
    await save(at(marks), make(2));
    assert.equal(await rowCount(), 2);
  });

  test('text that only looks like U+0000 is kept as it is', async () => {
    const name = 'a \\u0000 in text, "quotes", \n, 日本 🚚 and \\';
    await save(at(), make(1, { name }));
    assert.equal((await toys.get(1))?.name, name);
  });

  test('in a batch one that violates a check, or is stale, does not take its remotes along', async () => {
    const old = await save(at(), make(9));
    const batch = [
      make(1),
      make(2, { stock: -1 }),
      make(3),
      make(4, { name: 'toy 3' }),
      make(5, { name: 'x\u0000' }),
      change({ ...old, version: 4 }, {}),
      change(old, { name: 'changed' }),
    ];
    const results = await Promise.allSettled(batch.map((one) => save(at(), one)));
    const expected = [1, 'TOY_STOCK', 3, 'TOY_NAME_TAKEN', 'TRADEPOST_INVALID', 'TRADEPOST_STALE', 9];
    assert.deepEqual(fates(results), expected);
    assert.deepEqual(await names(), ['toy 1', 'toy 3', 'changed']);
    assert.deepEqual((await events()).sort(), ['toy.changed 9', 'toy.made 1', 'toy.made 3', 'toy.made 9']);
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
  });

  test('dead letters are counted as they come and go', async () => {
    const { deadLetters } = store;
    assert.equal(await deadLetters.count(), 0);
    const envelope = { id: 'odd', source: 'toy', type: 'toy.made', subject: '1', time: NOW, trace: '', data: '{}' };
    const letter = { consumer: 'toy.hear', error: 'it broke', attempts: 1, failed_at: NOW };
    await deadLetters.put({ ...letter, envelope: { ...envelope, correlation: '', actor: 'system' } });
    assert.equal(await deadLetters.count(), 1);
    const [kept] = (await deadLetters.list(10, undefined)).items;
    await deadLetters.remove(kept?.id ?? 0);
    assert.equal(await deadLetters.count(), 0);
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

  test('two hundred saves at once, in two processes, are all there, each answered with its own', async () => {
    const saved = await Promise.all(
      Array.from({ length: 200 }, (_, i) => here(i)(at(i % 3 ? {} : keyed(`k${i}`)), make(i + 1))),
    );
    assert.deepEqual(
      saved.map((toy) => [toy.toy_id, toy.name, toy.version]),
      saved.map((_, i) => [i + 1, `toy ${i + 1}`, 1]),
    );
    assert.equal(await rowCount(), 200);
    assert.equal((await events()).length, 200);
  });

  test('numbers have no gap, whichever of two processes gives them and however many are refused', async () => {
    const results = await Promise.allSettled(
      Array.from({ length: 40 }, (_, i) =>
        (saveNumbered[i % 2] as Save)(at(), make(i + 1, i % 5 === 4 ? { name: 'toy 1' } : {})),
      ),
    );
    const given = results.flatMap((one) => (one.status === 'fulfilled' ? [one.value.number ?? 0] : []));
    assert.equal(given.length, 32);
    assert.deepEqual(
      given.toSorted((a, b) => a - b),
      given.map((_, n) => n + 1),
    );
    const text = `select toString(number) as number, events from ${place.database}.numbered`;
    for (const { number, events: told } of await engine.query<{ number: string; events: string }>(text)) {
      assert.equal(String(JSON.parse(told)[0].data.number), number);
    }
  });
});
