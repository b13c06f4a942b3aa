import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minor } from '../../platform/contract/money.ts';
import type { Comparison } from '../../services/analytics/check/analytics.check.contract.ts';
import { checkText } from './analytics.actions.ts';

const agreeing: Comparison = {
  of: 'orders',
  agrees: true,
  compared: 3,
  differences: [],
  on_their_way: 0,
  complete: true,
};

test('a check is a line for each kind of thing, and one for each difference', () => {
  const owner = { status: 'paid', currency: 'USD', amount: minor(12) };
  const differing: Comparison = {
    ...agreeing,
    of: 'invoices',
    agrees: false,
    differences: [
      { id: 7, owner, counted: { ...owner, status: 'sent' } },
      { id: 9, owner, counted: null },
    ],
    on_their_way: 1,
    complete: false,
  };
  const text = checkText({ agrees: false, comparisons: [agreeing, differing], ledger: [] });
  assert.deepEqual(text.split('\n'), [
    'orders: 3, agree',
    'invoices: 3, at least 2 differ; 1 on their way',
    '  7: paid 12 USD, counted sent 12 USD',
    '  9: paid 12 USD, counted as nothing',
  ]);
  assert.equal(checkText({ agrees: true, comparisons: [], ledger: [] }), 'There is nothing to compare with.');
});
