import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minor } from '../../../platform/contract/money.ts';
import { owesNothing } from '../../payment/payment.totals.contract.ts';
import { chance, placed } from '../analytics.fixture.ts';
import { type EntityState, stateFrom } from './analytics.entities.model.ts';
import { creditedLines, metricsOf, statusOf } from './analytics.measure.model.ts';

/** An order of 200.00 with 20.00 of tax for which so much moved. */
function order(paid: number, refunded = 0, credited = 0, status = 'pending'): EntityState {
  const [facts] = placed(1).stories;
  assert.ok(facts);
  const totals = { paid_total: minor(paid), refunded_total: minor(refunded), credited_total: minor(credited) };
  return { ...stateFrom({ time: placed(1).time }, facts), ...totals, status };
}
const amountsOf = (state: EntityState) =>
  Object.fromEntries(metricsOf(state).map(({ metric, amount }) => [metric, amount]));

test('a credit lowers revenue and its tax, a correction only what was paid', () => {
  const { revenue, 'revenue:net': net, 'revenue:tax': tax, ...credited } = amountsOf(order(22_000, 1_100, 1_100));
  assert.deepEqual([revenue, net, tax, credited['revenue:paid']], [20_900, 19_000, 1_900, 20_900]);
  assert.deepEqual([credited['revenue:refunded'], credited['revenue:credited']], [1_100, 1_100]);
  const corrected = amountsOf(order(22_000, 1_100, 0));
  assert.deepEqual([corrected.revenue, corrected['revenue:tax']], [22_000, 2_000]);
  assert.deepEqual([corrected['revenue:paid'], corrected['revenue:refunded']], [20_900, 1_100]);
});

test('a cancelled order counts for nothing but its status', () => {
  assert.deepEqual(amountsOf(order(22_000, 22_000, 22_000, 'cancelled')), { 'order:cancelled': 22_000 });
});

test('an order is paid when nothing is owed for it, by the rule of payment, at once when its total is 0', () => {
  const pick = chance(3);
  for (let n = 0; n < 2_000; n++) {
    const paid = pick(22_001);
    const refunded = pick(paid + 1);
    const credited = pick(refunded + 1);
    const facts = { paid_total: minor(paid), refunded_total: minor(refunded), credited_total: minor(credited) };
    const owed = !owesNothing({ ...facts, total: minor(22_000), cancelled: false });
    assert.equal('paid' in amountsOf(order(paid, refunded, credited)), !owed, JSON.stringify(facts));
    const reopened = owed && refunded > credited;
    const status = statusOf(order(paid, refunded, credited, 'completed'));
    assert.equal(status, reopened ? 'confirmed' : 'completed', JSON.stringify(facts));
  }
  const [facts] = placed(2, undefined, { items: [], subtotal: minor(0), tax: minor(0), total: minor(0) }).stories;
  assert.ok(facts);
  assert.equal(amountsOf(stateFrom(placed(2), facts)).paid, 0);
});

test('what was completed without money, as it could be once, stays so', () => {
  assert.equal(statusOf(order(0, 0, 0, 'completed')), 'completed');
});

test('of lines, no more is credited than they are worth', () => {
  const line = (total: number) => ({ product_id: 1, product_name: '', quantity: 1, total: minor(total) });
  const state = { ...order(22_000, 21_999, 21_999), lines: [line(19_998), line(1), line(1)] };
  const credited = creditedLines(state);
  assert.ok(credited.every((part, n) => part <= (state.lines[n]?.total ?? 0)));
  assert.equal(amountsOf(state)['revenue:net'], 20_000 - credited.reduce((all, one) => all + one, 0));
});
