import { Type } from 'typebox';
import { Nothing, op } from '../../../platform/contract/contract.ts';

export const receivableComparisonOps = {
  compareReceivables: op('POST /internal/orders/compare-receivables', {
    access: 'internal',
    summary: 'Compares orders with their receivables, and makes up for what an event that was lost has left undone',
    input: Nothing(),
    output: Type.Object({ followed: Type.Integer(), ended: Type.Integer() }),
  }),
};
