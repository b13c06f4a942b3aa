import assert from 'node:assert/strict';
import { test } from 'node:test';
import { select, testFiles, tierOf } from './tiers.ts';

test('a file states its tier by its name', () => {
  assert.deepEqual(
    ['a/order.api.test.ts', 'a/bus.all.test.ts', 'a/soak.nightly.test.ts', 'a/all.test.ts'].map(tierOf),
    ['first', 'all', 'nightly', 'first'],
  );
});

test('every test file is in a tier, and none is left out of all', () => {
  const files = testFiles();
  const taken = (['first', 'all', 'nightly'] as const).flatMap((tier) => select(tier, [], files).files);
  assert.deepEqual([...new Set(taken)].sort(), files);
  assert.ok(files.length > 100);
});

test('the second tier adds its own files, and those of the first that run on every server', () => {
  const { files } = select('all', []);
  assert.ok(files.includes('src/platform/bus/bus.all.test.ts'));
  assert.ok(files.includes('src/services/order/order.repository.test.ts'));
  assert.ok(files.includes('src/services/analytics/analytics.api.test.ts'), 'a suite in its fixture counts');
  assert.equal(files.includes('src/platform/contract/money.test.ts'), false);
  assert.equal(files.includes('tests/faults/faults.nightly.test.ts'), false);
});

test('what a word matches elsewhere is told', () => {
  const { files, elsewhere } = select('first', ['transfer/copy.kill', 'faults.nightly']);
  assert.deepEqual(
    [files, [...elsewhere].sort()],
    [
      [],
      [
        ['all', 1],
        ['nightly', 1],
      ],
    ],
  );
  assert.deepEqual(select('first', ['nosuchthing']), { files: [], elsewhere: new Map() });
});
