import { Type } from 'typebox';
import { Amount, Id, op } from '../../platform/contract/contract.ts';

/** What was paid and given back for an order, as payment knows it. */
export const OrderBill = Type.Object({
  order_id: Id(),
  paid_total: Amount(),
  refunded_total: Amount(),
  settled: Type.Boolean({ description: 'so old that its event is no longer on its way' }),
});

export const billOps = {
  compareBills: op('POST /internal/orders/compare-bills', {
    access: 'internal',
    summary: 'Which orders have not heard of their money, and which are cancelled; those that are settled hear of it',
    input: Type.Object({ bills: Type.Array(OrderBill, { maxItems: 200 }) }),
    output: Type.Object({ behind: Type.Array(Id()), cancelled: Type.Array(Id()) }),
  }),
};
