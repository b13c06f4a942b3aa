import { Type } from 'typebox';
import { Nothing, op } from '../../../platform/contract/contract.ts';

export const expiryOps = {
  cancelExpired: op('POST /internal/orders/cancel-expired', {
    access: 'internal',
    summary: 'Cancels the orders that nobody has paid or invoiced on account in time, and gives their stock back',
    input: Nothing(),
    output: Type.Object({ cancelled: Type.Integer() }),
  }),
};
