import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemCtx } from '../../../platform/contract/ctx.ts';
import { minor } from '../../../platform/contract/money.ts';
import type {
  Reconciliation,
  ReconciliationGroup,
  ReconciliationRange,
  ReconciliationRow,
} from '../../../platform/contract/reconciliation.ts';
import { ROWS_AT_ONCE } from '../../../platform/contract/reconciliation.ts';
import type { AnalyticsRepository } from '../analytics.repository.ts';
import { NAMED_DIFFERENCES } from '../model/analytics.check.model.ts';
import type { Total } from '../model/analytics.model.ts';
import { SLICE } from './analytics.check.contract.ts';
import { checkFigures, type Owner } from './analytics.check.ts';

const NOW = '2026-11-18T12:00:00.000Z';
const ctx = systemCtx(NOW);

const row = (
  id: number,
  status = 'pending',
  amount = id * 100,
  updated_at = '2026-11-01T00:00:00.000Z',
): ReconciliationRow => ({
  id,
  status,
  currency: 'USD',
  amount: minor(amount),
  updated_at,
});
const rowsUpTo = (last: number): ReconciliationRow[] => Array.from({ length: last }, (_, i) => row(i + 1));

const nothing: Reconciliation = { last_id: 0, groups: [] };
const none = {
  figures: async () => nothing,
  receivableFigures: async () => nothing,
  findReceivables: async () => ({ items: [] }),
};

/** What an owner of these rows tells, and how often it was asked. */
function telling(rows: readonly ReconciliationRow[], ledger?: Reconciliation['ledger']) {
  const asked: ReconciliationRange[] = [];
  const tell = async (input: ReconciliationRange): Promise<Reconciliation> => {
    asked.push(input);
    const inside = rows.filter(({ id }) => id >= input.from_id && id <= input.to_id);
    assert.ok(!input.rows || input.to_id - input.from_id < ROWS_AT_ONCE);
    const groups = new Map<string, ReconciliationGroup>();
    for (const { status, currency, amount, paid } of inside) {
      const group = groups.get(`${status} ${currency}`) ?? { status, currency, count: 0, amount: minor(0) };
      const kept = paid === undefined ? {} : { paid: minor((group.paid ?? 0) + paid) };
      const sums = { count: group.count + 1, amount: minor(group.amount + amount), ...kept };
      groups.set(`${status} ${currency}`, { ...group, ...sums });
    }
    const last_id = Math.max(0, ...rows.map(({ id }) => id));
    return { last_id, groups: [...groups.values()], rows: input.rows ? inside : undefined, ledger };
  };
  return { tell, asked };
}

async function check(owned: readonly ReconciliationRow[], counted: readonly ReconciliationRow[]) {
  const [there, here] = [telling(owned), telling(counted)];
  const owner: Owner = { figures: (_ctx, input) => there.tell(input) };
  const figures = {
    figures: (of: string, input: ReconciliationRange) => (of === 'orders' ? here.tell(input) : nothing),
  } as unknown as AnalyticsRepository;
  const result = await checkFigures(ctx, figures, { order: owner, invoice: none, payment: none });
  const [comparison] = result.comparisons;
  assert.ok(comparison);
  return { ...comparison, all: result.agrees, asked: there.asked.length };
}

test('where both say the same it takes a question for the last id and one for each slice to know', async () => {
  const { agrees, all, compared, differences, asked } = await check(rowsUpTo(5_000), rowsUpTo(5_000));
  assert.deepEqual([agrees, all, compared, differences, asked], [true, true, 5_000, [], 2]);
  assert.equal((await check(rowsUpTo(3 * SLICE), rowsUpTo(3 * SLICE))).asked, 4);
  assert.deepEqual((await check([], [])).agrees, true);
});

test('an order that was never heard of, one that is none, one of another amount and one of another status are named', async () => {
  const owned = rowsUpTo(3_000);
  const counted = owned
    .filter(({ id }) => id !== 17)
    .map((one) => (one.id === 900 ? row(900, 'cancelled') : one.id === 2_500 ? row(2_500, 'pending', 1) : one));
  counted.push(row(3_500));
  const { agrees, differences, asked } = await check(owned, counted);
  assert.equal(agrees, false);
  const usd = { currency: 'USD' };
  assert.deepEqual(differences, [
    { id: 17, owner: { status: 'pending', ...usd, amount: 1_700 }, counted: null },
    {
      id: 900,
      owner: { status: 'pending', ...usd, amount: 90_000 },
      counted: { status: 'cancelled', ...usd, amount: 90_000 },
    },
    {
      id: 2_500,
      owner: { status: 'pending', ...usd, amount: 250_000 },
      counted: { status: 'pending', ...usd, amount: 1 },
    },
    { id: 3_500, owner: null, counted: { status: 'pending', ...usd, amount: 350_000 } },
  ]);
  assert.ok(asked < 50, `${asked} questions`);
});

test('what changed within the last minute is on its way, and no difference', async () => {
  const young = row(2, 'confirmed', 200, '2026-11-18T11:59:30.000Z');
  const { agrees, differences, on_their_way } = await check([row(1), young], [row(1), row(2)]);
  assert.deepEqual([agrees, differences, on_their_way], [true, [], 1]);
  const unheard = await check([row(1), { ...young, id: 3 }], [row(1)]);
  assert.deepEqual([unheard.agrees, unheard.on_their_way], [true, 1]);
});

test('a log that lost everything is told by some of its orders, and not by all', async () => {
  const { complete, differences, compared } = await check(rowsUpTo(10_000), []);
  assert.deepEqual([complete, differences.length, compared], [false, NAMED_DIFFERENCES, 10_000]);
});

test('the ledger is compared currency by currency, when no payment is on its way', async () => {
  const total = (metric: string, currency: string, amount: number): Total => ({
    metric,
    currency,
    count: 1,
    amount: minor(amount),
    latest: NOW,
  });
  const totals = [total('payments', 'USD', 500), total('refunds', 'USD', 100), total('payments', 'EUR', 70)];
  const compare = async (ledger: Reconciliation['ledger'], owned = rowsUpTo(3)) => {
    const [there, here] = [telling(owned, ledger), telling(rowsUpTo(3))];
    const figures = {
      figures: (of: string, input: ReconciliationRange) => (of === 'transactions' ? here.tell(input) : nothing),
      totals: async () => totals,
    };
    const owner = { ...none, figures: (_ctx: unknown, input: ReconciliationRange) => there.tell(input) };
    return checkFigures(ctx, figures as unknown as AnalyticsRepository, { order: none, invoice: none, payment: owner });
  };
  const ledger = [
    { currency: 'USD', paid: minor(500), refunded: minor(100) },
    { currency: 'EUR', paid: minor(70), refunded: minor(0) },
  ];
  assert.deepEqual(await compare(ledger).then(({ agrees, ledger: apart }) => [agrees, apart]), [true, []]);
  const short = await compare(ledger.slice(0, 1));
  const euros = { currency: 'EUR', ledger_paid: 0, counted_paid: 70, ledger_refunded: 0, counted_refunded: 0 };
  assert.deepEqual([short.agrees, short.ledger], [false, [euros]]);
  const young = [row(1), row(2), row(3), row(4, 'paid', 100, NOW)];
  assert.deepEqual((await compare(ledger.slice(0, 1), young)).ledger, []);
});

test('what was paid, net of refunds, is compared where both sides say it', async () => {
  const paying = (paid: number | undefined) => [
    { ...row(1, 'paid'), ...(paid !== undefined && { paid: minor(paid) }) },
  ];
  const apart = async (there: number | undefined, here: number | undefined) =>
    (await check(paying(there), paying(here))).differences.map(({ owner, counted }) => [owner?.paid, counted?.paid]);
  assert.deepEqual(await apart(100, 75), [[100, 75]]);
  assert.deepEqual(await apart(75, 75), []);
  assert.deepEqual(await apart(undefined, 75), [], 'an owner of an older version does not say it');
});
