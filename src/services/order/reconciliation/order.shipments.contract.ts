import { Type } from 'typebox';
import { Nothing, op } from '../../../platform/contract/contract.ts';

export const shipmentComparisonOps = {
  compareShipments: op('POST /internal/orders/compare-shipments', {
    access: 'internal',
    summary: 'Compares orders with their shipments, and mends what an event that was lost has left undone',
    input: Nothing(),
    output: Type.Object({ opened: Type.Integer(), stopped: Type.Integer(), followed: Type.Integer() }),
  }),
};
