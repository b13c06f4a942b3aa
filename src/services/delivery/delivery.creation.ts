import type { ApiOf, Ctx } from '../../platform/contract/contract.ts';
import { AppError } from '../../platform/contract/errors.ts';
import { withId } from '../../platform/contract/ids.ts';
import type { OrderPlaced } from '../order/order.contract.ts';
import type { userOps } from '../user/user.contract.ts';
import { deliveryErrors, type ShipTo } from './delivery.contract.ts';
import { openShipment, shipToOf } from './delivery.model.ts';
import type { ShipmentRepository } from './delivery.repository.ts';

/** Where the buyer lives. */
export type Profiles = Pick<ApiOf<typeof userOps>, 'profileOf'>;

/** Creates the shipment of an order; false when it has one. */
export type ShipmentCreation = (ctx: Ctx, order: OrderPlaced) => Promise<boolean>;

/** Creates shipments, for the event of an order and for the reconciliation. */
export function shipmentCreation(shipments: ShipmentRepository, user: Profiles): ShipmentCreation {
  // An account may be gone; its order is still to be delivered.
  async function shipTo(ctx: Ctx, user_id: number): Promise<ShipTo | null> {
    const profile = await user.profileOf(ctx, { user_id }).catch((error: unknown) => {
      if (error instanceof AppError && error.kind === 'not_found') return undefined;
      throw error;
    });
    return shipToOf(profile);
  }

  return async function createShipment(ctx, order) {
    const ship_to = await shipTo(ctx, order.user_id);
    const save = (shipment_id: number) => shipments.save(ctx, openShipment(order, { shipment_id, ship_to }, ctx));
    try {
      await withId(shipments.ids, save, ({ shipment_id }) => shipment_id);
      return true;
    } catch (error) {
      // The order has its shipment, so nothing is left to do.
      if (error instanceof AppError && error.code === deliveryErrors.EXISTS.code) return false;
      throw error;
    }
  };
}
