import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CoalesceOptions, coalesce } from './coalesce.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Several turns: whatever was going to happen by itself has happened. */
async function quiet(): Promise<void> {
  for (let i = 0; i < 5; i++) await turn();
}

/** A database that answers when the test says so, and writes down what it was asked. */
function aDatabase(options: Partial<CoalesceOptions<string, string>> = {}) {
  const batches: string[][] = [];
  const open: (() => void)[] = [];
  const ask = coalesce<string, string>({
    name: 'test',
    run: async (batch) => {
      batches.push([...batch]);
      await new Promise<void>((resolve) => open.push(resolve));
      return batch.map((input) => input.toUpperCase());
    },
    ...options,
  });
  /** Answers the batches that are under way. */
  const answer = async () => {
    for (const one of open.splice(0)) one();
    await quiet();
  };
  return { ask, batches, answer };
}

test('a call alone goes at once; calls that come while it is on its way go together after it', async () => {
  const { ask, batches, answer } = aDatabase();
  const first = ask('a');
  await quiet();
  assert.deepEqual(batches, [['a']]);
  const others = ['b', 'c', 'd'].map(ask);
  await quiet();
  assert.deepEqual(batches, [['a']]);
  await answer();
  assert.deepEqual(batches, [['a'], ['b', 'c', 'd']]);
  await answer();
  assert.deepEqual(await Promise.all([first, ...others]), ['A', 'B', 'C', 'D']);
});

test('calls of one turn go together, in the order they came', async () => {
  const { ask, batches, answer } = aDatabase();
  const asked = Array.from({ length: 50 }, (_, i) => ask(`n${i}`));
  await quiet();
  assert.deepEqual(batches, [Array.from({ length: 50 }, (_, i) => `n${i}`)]);
  await answer();
  assert.deepEqual(
    await Promise.all(asked),
    Array.from({ length: 50 }, (_, i) => `N${i}`),
  );
});

test('a batch is never larger than it may be, and nobody is left behind', async () => {
  const { ask, batches, answer } = aDatabase({ maxBatch: 2 });
  const asked = ['a', 'b', 'c', 'd', 'e'].map(ask);
  for (let i = 0; i < 3; i++) {
    await quiet();
    await answer();
  }
  assert.deepEqual(batches, [['a', 'b'], ['c', 'd'], ['e']]);
  assert.deepEqual(await Promise.all(asked), ['A', 'B', 'C', 'D', 'E']);
});

test('calls that share a key never meet in a batch, nor overtake each other', async () => {
  const { ask, batches, answer } = aDatabase({ keys: (input) => [input.charAt(0)] });
  const asked = ['a1', 'a2', 'b1', 'a3', 'b2', 'c1'].map(ask);
  for (let i = 0; i < 3; i++) {
    await quiet();
    await answer();
  }
  assert.deepEqual(batches, [['a1', 'b1', 'c1'], ['a2', 'b2'], ['a3']]);
  await Promise.all(asked);
});

test('a call waits while another with one of its keys is on its way, also when two batches may be', async () => {
  const { ask, batches, answer } = aDatabase({ keys: (input) => input.split('+'), maxInFlight: 2 });
  const asked = [ask('a+b')];
  await quiet();
  asked.push(ask('b+c'), ask('d'));
  await quiet();
  assert.deepEqual(batches, [['a+b'], ['d']]);
  await answer();
  assert.deepEqual(batches, [['a+b'], ['d'], ['b+c']]);
  await answer();
  await Promise.all(asked);
});

test('an error among the answers is for its own caller', async () => {
  const ask = coalesce<string, string>({
    name: 'test',
    run: async (batch) => batch.map((input) => (input === 'bad' ? new Error('this one is bad') : input)),
  });
  const results = await Promise.allSettled(['good', 'bad', 'fine'].map(ask));
  assert.deepEqual(
    results.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.message)),
    ['good', 'this one is bad', 'fine'],
  );
});

test('one bad row does not take its remotes along: the batch is repeated one by one, in order', async () => {
  const batches: string[][] = [];
  const ask = coalesce<string, string>({
    name: 'test',
    run: async (batch) => {
      batches.push([...batch]);
      if (batch.includes('bad')) throw new Error('a row violates a constraint');
      return batch;
    },
    faultOfOneRow: () => true,
  });
  const results = await Promise.allSettled(['good', 'bad', 'fine'].map(ask));
  assert.deepEqual(
    results.map((one) => one.status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  assert.deepEqual(batches, [['good', 'bad', 'fine'], ['good'], ['bad'], ['fine']]);
});

test('when the way to the database fails all are told, nothing is repeated, and later calls go on', async () => {
  let broken = true;
  let runs = 0;
  const ask = coalesce<string, string>({
    name: 'test',
    run: async (batch) => {
      runs++;
      if (broken) throw new Error('connection lost');
      return batch;
    },
    faultOfOneRow: (error) => (error as Error).message !== 'connection lost',
    keys: (input) => [input],
  });
  const results = await Promise.allSettled(['a', 'b', 'c'].map(ask));
  assert.deepEqual(
    results.map((one) => one.status === 'rejected' && one.reason.message),
    Array(3).fill('connection lost'),
  );
  assert.equal(runs, 1);
  broken = false;
  assert.deepEqual(await Promise.all(['a', 'b'].map(ask)), ['a', 'b']);
});
