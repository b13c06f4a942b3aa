import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemCtx } from '../../../platform/contract/ctx.ts';
import { minor } from '../../../platform/contract/money.ts';
import type { Reconciliation, ReconciliationRange } from '../../../platform/contract/reconciliation.ts';
import { registry } from '../../../platform/observability/metrics.ts';
import type { AnalyticsRepository } from '../analytics.repository.ts';
import type { Fact } from '../model/analytics.facts.model.ts';
import { SLICE } from './analytics.check.contract.ts';
import { figuresWatch } from './analytics.watch.ts';

const ctx = systemCtx('2026-11-18T12:00:00.000Z');
const OLD = '2026-11-01T00:00:00.000Z';

/** A book of what was paid for orders, by their ids. */
function book(paid: ReadonlyMap<number, number>) {
  const asked: ReconciliationRange[] = [];
  const figures = async (range: ReconciliationRange): Promise<Reconciliation> => {
    asked.push(range);
    const inside = [...paid].filter(([id]) => id >= range.from_id && id <= range.to_id);
    const rows = inside.map(([id, amount]) => {
      const money = { amount: minor(0), paid: minor(amount) };
      return { id, status: 'paid', currency: 'USD', ...money, updated_at: OLD };
    });
    const sum = inside.reduce((all, [, amount]) => all + amount, 0);
    const group = { status: 'paid', currency: 'USD', count: inside.length, amount: minor(0), paid: minor(sum) };
    return { last_id: Math.max(0, ...paid.keys()), groups: inside.length > 0 ? [group] : [], rows };
  };
  return { figures, asked };
}

function watchOver(paid: ReadonlyMap<number, number>, counted: Map<number, number>) {
  const [there, here] = [book(paid), book(counted)];
  const nothing: Reconciliation = { last_id: 0, groups: [] };
  const recorded: Fact[] = [];
  const figures = {
    figures: (of: string, range: ReconciliationRange) => (of === 'receivables' ? here.figures(range) : nothing),
    totals: async () => [],
    zone: async () => 'UTC',
    async record(facts: readonly Fact[]) {
      recorded.push(...facts);
      for (const { stories } of facts) for (const one of stories) counted.set(one.item_id, one.paid_total ?? 0);
    },
  } as unknown as AnalyticsRepository;
  const none = { figures: async () => nothing };
  const payment = {
    ...none,
    receivableFigures: (_ctx: unknown, range: ReconciliationRange) => there.figures(range),
    async findReceivables(_ctx: unknown, { order_ids }: { order_ids: number[] }) {
      const known = order_ids.filter((id) => paid.has(id));
      const items = known.map((order_id) => ({
        order_id,
        user_id: 2,
        invoice_id: null,
        currency: 'USD',
        total: null,
        paid_total: minor(paid.get(order_id) ?? 0),
        refunded_total: minor(0),
        credited_total: minor(0),
        open: minor(0),
        processing: false,
        closed: false,
      }));
      return { items };
    },
  };
  const warnings: string[] = [];
  const log = { warn: (_more: object, text: string) => void warnings.push(text) } as never;
  const watch = figuresWatch({ figures, owners: { order: none, invoice: none, payment }, log, zone: 'UTC' });
  return { watch, there, recorded, warnings };
}

const upTo = (last: number) => new Map(Array.from({ length: last }, (_, n) => [n + 1, 100]));
const shown = async (): Promise<string | undefined> =>
  (await registry.metrics())
    .split('\n')
    .find((line) => line.startsWith('tradepost_figure_differences{of="receivables"}'));

test('a run looks at the newest ids and at the next of the older ones, however many there are', async () => {
  const { watch, there } = watchOver(upTo(5 * SLICE), upTo(5 * SLICE));
  const looked: number[][] = [];
  for (let n = 0; n < 5; n++) {
    there.asked.length = 0;
    assert.equal((await watch.recent(ctx)).agrees, true);
    looked.push(there.asked.slice(1).map(({ from_id }) => (from_id - 1) / SLICE));
  }
  assert.deepEqual(looked, [
    [4, 3],
    [4, 2],
    [4, 1],
    [4, 0],
    [4, 3],
  ]);
});

test('a difference stays on the metric until its ids were looked at again and agree', async () => {
  const paid = upTo(3 * SLICE);
  const counted = new Map([...paid, [7, 40]]);
  const { watch } = watchOver(paid, counted);
  await watch.recent(ctx);
  assert.match((await shown()) ?? '', / 0$/, 'not looked at yet');
  await watch.recent(ctx);
  assert.match((await shown()) ?? '', / 1$/);
  await watch.recent(ctx);
  assert.match((await shown()) ?? '', / 1$/);
  counted.set(7, 100);
  await watch.recent(ctx);
  assert.match((await shown()) ?? '', / 0$/);
});

test('totals that no event said are read from payment, once, and are no event', async () => {
  const paid = upTo(300);
  const counted = new Map<number, number>([[1, 100]]);
  const { watch, recorded, warnings } = watchOver(paid, counted);
  assert.equal((await watch.run(ctx)).agrees, false);
  assert.equal(recorded.length, 300);
  assert.equal(new Set(recorded.map(({ id }) => id)).size, 300);
  const again = watchOver(paid, new Map());
  await again.watch.run(ctx);
  assert.deepEqual(new Set(again.recorded.map(({ id }) => id)), new Set(recorded.map(({ id }) => id)));
  assert.equal((await watch.run(ctx)).agrees, true);
  assert.deepEqual([recorded.length, warnings.length], [300, 1]);
});
