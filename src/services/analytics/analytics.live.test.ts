import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../../platform/observability/log.ts';
import { settle } from '../../testing/settle.ts';
import { live } from './analytics.live.ts';

const log = createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' });

/** Something to watch, whose looks are counted. */
function watched() {
  const state = { value: 0, looks: 0, broken: false };
  const feed = live({
    everyMs: 5,
    log,
    async load() {
      state.looks++;
      if (state.broken) throw new Error('the database is away');
      return { value: state.value };
    },
  });
  const begin = () => feed.watch()[Symbol.asyncIterator]();
  return { state, begin };
}

async function valueIn(iterator: AsyncIterator<{ value: number }>): Promise<number | undefined> {
  const { value, done } = await iterator.next();
  return done ? undefined : (value as { value: number }).value;
}

test('the value is told at once, and again only when it is another', async () => {
  const { state, begin } = watched();
  const values = begin();
  assert.equal(await valueIn(values), 0);
  const next = valueIn(values);
  const { looks } = state;
  await settle(() => assert.ok(state.looks > looks + 3));
  state.value = 7;
  assert.equal(await next, 7);
  await values.return?.();
});

test('one who looks away sees only the newest afterwards, and nothing when it is the old one again', async () => {
  const { state, begin } = watched();
  const values = begin();
  await valueIn(values);
  for (const value of [1, 2, 3]) {
    const { looks } = state;
    state.value = value;
    await settle(() => assert.ok(state.looks > looks + 1));
  }
  assert.equal(await valueIn(values), 3);
  await values.return?.();
});

test('many who watch share one look, and when nobody watches nobody looks', async () => {
  const { state, begin } = watched();
  const all = Array.from({ length: 50 }, begin);
  await Promise.all(all.map(valueIn));
  assert.ok(state.looks <= 3, `${state.looks} looks`);
  await Promise.all(all.map((one) => one.return?.()));
  const { looks } = state;
  const late = begin();
  await valueIn(late);
  await late.return?.();
  assert.ok(state.looks <= looks + 2);
});

test('a look that fails is tried again', async () => {
  const { state, begin } = watched();
  state.broken = true;
  const values = begin();
  const first = valueIn(values);
  await settle(() => assert.ok(state.looks > 2));
  state.broken = false;
  assert.equal(await first, 0);
  await values.return?.();
});

test('one who waits is let go when it is over', async () => {
  const { begin } = watched();
  const values = begin();
  await valueIn(values);
  const next = valueIn(values);
  await values.return?.();
  assert.equal(await next, undefined);
});
