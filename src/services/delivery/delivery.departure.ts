import type { ApiOf, Ctx } from '../../platform/contract/contract.ts';
import { formatMoney } from '../../platform/contract/money.ts';
import type { paymentOps } from '../payment/payment.contract.ts';
import { deliveryErrors } from './delivery.contract.ts';
import { departs, owedOf, type ShipmentState, type StatusUpdate, shipmentStatusOf } from './delivery.model.ts';

/** What was paid for orders. */
export type PaidOrders = Pick<ApiOf<typeof paymentOps>, 'findReceivables'>;

/**
 * Lets a parcel leave only when its order is paid, or when the staff say `unpaid`. Throws SHIPMENT_UNPAID, and what a call
 * to payment throws. Carriers are not asked for it: what they report has happened.
 */
export function departureCheck(payment: PaidOrders) {
  return async function mustBePaid(ctx: Ctx, shipment: ShipmentState, update: StatusUpdate): Promise<void> {
    if (update.unpaid || shipment.total === 0 || !departs(shipment, update)) return;
    const { items } = await payment.findReceivables(ctx, { order_ids: [shipment.order_id] });
    const owed = owedOf(shipment, items[0]);
    if (owed === 0) return;
    const { currency } = shipment;
    throw deliveryErrors.UNPAID({
      owed: owed === null || currency === null ? 'the total' : formatMoney(owed, currency),
      body: JSON.stringify({ ...update, status: shipmentStatusOf(update.status), unpaid: true }),
    });
  };
}
