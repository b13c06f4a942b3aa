import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minor } from '../../../platform/contract/money.ts';
import { aShop, captured, chance, moved, owed, placed, refunded, shuffledAndDoubled } from '../analytics.fixture.ts';
import { aggregate, countFacts, type MetricDelta, metricDifferences, type Sums } from './analytics.aggregate.model.ts';
import {
  type EntityState,
  entityKey,
  madeAt,
  mergeStates,
  recordingFault,
  sameState,
  stateFrom,
} from './analytics.entities.model.ts';
import type { Fact } from './analytics.facts.model.ts';
import { statsOf } from './analytics.model.ts';

const ID = '01985000-0000-7000-8000-000000000001';

/** Counts batch after batch, as a store does. */
function counted(batches: readonly (readonly Fact[])[]) {
  const stories = new Map<string, EntityState>();
  const sums = aggregate('UTC');
  for (const batch of batches) {
    const { stories: now, movements, sales } = countFacts(batch, stories, 'UTC');
    for (const state of now) stories.set(entityKey(state), state);
    for (const one of movements) sums.move(one);
    for (const one of sales) sums.sell(one);
  }
  return { stories, sums: { movements: sums.movements(), sales: sums.sales() } };
}

const statsFrom = ({ movements }: Sums) =>
  statsOf(
    movements.filter(({ hour }) => hour === null),
    'USD',
  );

const inOrder = ({ movements, sales }: Sums) => [
  [...movements].map(({ latest: _, ...one }) => JSON.stringify(one)).sort(),
  [...sales].map((one) => JSON.stringify(one)).sort(),
];

test('whatever the batches and the order of the events, the movements come to the same figures', () => {
  const { facts, stats } = aShop(60, chance(5));
  const whole = counted([facts]);
  assert.deepEqual(statsFrom(whole.sums), stats);
  for (const seed of [6, 7, 8]) {
    const pick = chance(seed);
    const told = [...new Set(shuffledAndDoubled(facts, pick))];
    const batches = [];
    while (told.length > 0) batches.push(told.splice(0, 1 + pick(20)));
    const other = counted(batches);
    assert.deepEqual(inOrder(other.sums), inOrder(whole.sums));
    for (const [key, state] of whole.stories) assert.ok(sameState(other.stories.get(key) as EntityState, state), key);
  }
});

test('two parts of a story come to the same, whichever is first', () => {
  const facts = [placed(1), moved(1, 'cancelled'), moved(1, 'confirmed')];
  const parts = facts.flatMap((fact) => fact.stories.map((story) => stateFrom(fact, story)));
  const [begun, cancelled, confirmed] = parts as [EntityState, EntityState, EntityState];
  const all = mergeStates(mergeStates(begun, cancelled), confirmed);
  assert.deepEqual(all, mergeStates(confirmed, mergeStates(cancelled, begun)));
  assert.deepEqual([all.status, all.gross, all.known_at], ['cancelled', 22_000, begun.known_at]);
});

test('money that comes and goes adds up, and an event that changes nothing of a story writes none', () => {
  const { stories } = counted([[owed(1, 500, 2)], [captured(1, 500), refunded(1, 200)]]);
  assert.equal(stories.get('transaction 1')?.paid, 300);
  const before = new Map([...stories].filter(([key]) => key === 'spender 2'));
  const again = countFacts([owed(2, 100, 2)], before, 'UTC');
  assert.deepEqual(again.stories.map(entityKey), ['transaction 2']);
});

test('what comes to nothing within a batch moves nothing', () => {
  const { movements, sales } = countFacts([placed(1), moved(1, 'cancelled')], new Map(), 'UTC');
  const metrics = movements.filter(({ hour }) => hour === null).map(({ metric }) => metric);
  assert.deepEqual(metrics.sort(), ['events', 'order:cancelled', 'orders']);
  assert.deepEqual(sales, []);
});

test('a difference makes of what is kept what is true, and of what is true nothing', () => {
  const { sums } = counted([aShop(20, chance(9)).facts]);
  const wrong = { movements: sums.movements.slice(3).map((one) => ({ ...one, count: one.count + 7 })), sales: [] };
  const missing = metricDifferences(sums, wrong);
  assert.deepEqual(
    inOrder({ movements: added(wrong.movements, missing.movements), sales: missing.sales }),
    inOrder(sums),
  );
  assert.deepEqual(metricDifferences(sums, sums), { movements: [], sales: [] });
});

function added(one: readonly MetricDelta[], other: readonly MetricDelta[]): MetricDelta[] {
  const sums = aggregate('UTC');
  for (const movement of [...one, ...other]) sums.move(movement);
  return sums.movements();
}

test('an event that cannot be kept is told apart', () => {
  assert.equal(recordingFault(placed(1)), undefined);
  for (const broken of [
    { time: 'yesterday' },
    { time: '1969-12-31T23:59:59Z' },
    { time: '2107-01-01T00:00:00Z' },
    { id: 'x' },
  ]) {
    assert.equal(recordingFault({ ...placed(1), ...broken })?.kind, 'invalid', JSON.stringify(broken));
  }
});

test('an id of version 7 says when it was made, another one nothing', () => {
  assert.equal(madeAt(ID), 0x01985000_0000);
  assert.equal(madeAt(ID.replace('-7000', '-4000')), undefined);
  assert.equal(madeAt(`ffffffff${ID.slice(8)}`), undefined);
});

test('amounts stay whole numbers of the smallest unit', () => {
  const { movements } = countFacts([placed(1, undefined, { total: minor(7) })], new Map(), 'UTC');
  assert.equal(movements.find(({ metric, hour }) => metric === 'revenue' && hour === null)?.amount, 7);
});
