import { Type } from 'typebox';
import { Amount, Id, op } from '../../../platform/contract/contract.ts';

/** What was paid and refunded for an order, as payment knows it. */
export const PaidTotals = Type.Object({
  order_id: Id(),
  paid_total: Amount(),
  refunded_total: Amount(),
  settled: Type.Boolean({ description: 'so old that its event is no longer on its way' }),
});

export const paidTotalsOps = {
  comparePaidTotals: op('POST /internal/orders/compare-paid-totals', {
    access: 'internal',
    summary: 'Which orders have not heard of their money, and which are cancelled; those that are settled hear of it',
    input: Type.Object({ totals: Type.Array(PaidTotals, { maxItems: 200 }) }),
    output: Type.Object({ behind: Type.Array(Id()), cancelled: Type.Array(Id()) }),
  }),
};
