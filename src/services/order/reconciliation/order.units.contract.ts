import { Type } from 'typebox';
import { Nothing, op } from '../../../platform/contract/contract.ts';

export const unitComparisonOps = {
  compareUnits: op('POST /internal/orders/compare-units', {
    access: 'internal',
    summary: 'Compares the orders for which units are held with what has left, and tells product of it',
    input: Nothing(),
    output: Type.Object({ shipped: Type.Integer() }),
  }),
};
