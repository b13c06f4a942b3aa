import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { minor } from '../../platform/contract/money.ts';
import {
  amountDue,
  followTotals,
  netPaid,
  openAmount,
  owesNothing,
  paymentStatusOf,
} from './payment.totals.contract.ts';

/** An order of 110.00 after so much was paid, given back, and of that credited. */
const facts = (
  paid: number,
  refunded = 0,
  credited = refunded,
  more: { total?: number; cancelled?: boolean } = {},
) => ({
  total: minor(more.total ?? 11_000),
  paid_total: minor(paid),
  refunded_total: minor(refunded),
  credited_total: minor(credited),
  cancelled: more.cancelled ?? false,
});

test('what is due, open and paid follows from three totals', () => {
  const cases: [ReturnType<typeof facts>, number, number, string][] = [
    [facts(0), 11_000, 11_000, 'not_paid'],
    [facts(5_000), 11_000, 6_000, 'partially_paid'],
    [facts(11_000), 11_000, 0, 'paid'],
    // Corrected: the claim is open again.
    [facts(5_000, 5_000, 0), 11_000, 11_000, 'not_paid'],
    [facts(11_000, 5_000, 0), 11_000, 5_000, 'partially_paid'],
    [facts(16_000, 5_000, 0), 11_000, 0, 'paid'],
    // Credited: it is not.
    [facts(5_000, 5_000), 6_000, 6_000, 'not_paid'],
    [facts(5_000, 2_000), 9_000, 6_000, 'partially_paid'],
    [facts(11_000, 5_000), 6_000, 0, 'partially_refunded'],
    [facts(11_000, 11_000), 0, 0, 'refunded'],
    // Cancelled: nothing is due.
    [facts(0, 0, 0, { cancelled: true }), 0, 0, 'not_paid'],
    [facts(5_000, 0, 0, { cancelled: true }), 0, 0, 'partially_paid'],
    [facts(11_000, 0, 0, { cancelled: true }), 0, 0, 'paid'],
    [facts(11_000, 4_000, 4_000, { cancelled: true }), 0, 0, 'partially_refunded'],
    [facts(11_000, 11_000, 11_000, { cancelled: true }), 0, 0, 'refunded'],
    // A total of nothing is paid at once.
    [facts(0, 0, 0, { total: 0 }), 0, 0, 'paid'],
  ];
  for (const [given, due, open, status] of cases)
    assert.deepEqual([amountDue(given), openAmount(given), paymentStatusOf(given)], [due, open, status]);
});

test('totals may come in any order and twice; those of versions before corrections were credits', () => {
  const none = { paid_total: minor(0), refunded_total: minor(0), credited_total: minor(0) };
  const step = fc.record({ paid: fc.nat(500), refunded: fc.nat(300), credited: fc.nat(300) });
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      fc.array(fc.nat(11), { maxLength: 30 }),
      (steps, order) => {
        let [paid, refunded, credited] = [0, 0, 0];
        const announced = steps.map((one) => {
          paid += one.paid;
          const back = Math.min(one.refunded, paid - refunded);
          refunded += back;
          credited += Math.min(one.credited, back);
          return { paid_total: minor(paid), refunded_total: minor(refunded), credited_total: minor(credited) };
        });
        const heard = [...order.flatMap((n) => announced[n] ?? []), ...announced.toReversed()];
        const known = heard.reduce(followTotals, none);
        assert.deepEqual(known, announced.at(-1));
        const all = { ...known, total: minor(1_000), cancelled: false };
        assert.equal(owesNothing(all), netPaid(all) >= amountDue(all));
      },
    ),
  );
  const old = followTotals(none, { paid_total: minor(500), refunded_total: minor(200) });
  assert.deepEqual(old, { paid_total: 500, refunded_total: 200, credited_total: 200 });
  assert.deepEqual(followTotals(old, { paid_total: null, refunded_total: null }), old);
});
