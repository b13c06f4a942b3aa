import type { ApiOf, Change, Ctx } from '../../../platform/contract/contract.ts';
import { AppError } from '../../../platform/contract/errors.ts';
import { withId } from '../../../platform/contract/ids.ts';
import type { userOps } from '../../user/user.contract.ts';
import { deliveryErrors, type ShipTo } from '../delivery.contract.ts';
import { openShipment, openStoppedShipment, type ShipmentState, shipToOf } from '../delivery.model.ts';
import type { ShipmentRepository } from '../delivery.repository.ts';
import type { Cancellation, OrderToShip } from './delivery.orders.contract.ts';

/** Where the buyer lives. */
export type Profiles = Pick<ApiOf<typeof userOps>, 'profileOf'>;

/** Creates the shipment of an order; undefined when it has one already. */
export interface ShipmentCreation {
  open(ctx: Ctx, order: OrderToShip): Promise<ShipmentState | undefined>;
  /** As cancelled, for an order that is to be cancelled before delivery knows it. */
  openStopped(ctx: Ctx, order: OrderToShip, cancellation: Cancellation): Promise<ShipmentState | undefined>;
}

/** Creates shipments, for the event of an order and for what an order asks. */
export function shipmentCreation(
  shipments: Pick<ShipmentRepository, 'ids' | 'save'>,
  user: Profiles,
): ShipmentCreation {
  return {
    async open(ctx, order) {
      const ship_to = await shipTo(ctx, order.user_id);
      return create(ctx, (shipment_id) => openShipment(order, { shipment_id, ship_to }, ctx));
    },
    openStopped: (ctx, order, cancellation) =>
      create(ctx, (shipment_id) => openStoppedShipment(order, { shipment_id, ship_to: null }, cancellation, ctx)),
  };

  // An account may be gone; its order is still to be delivered.
  async function shipTo(ctx: Ctx, user_id: number): Promise<ShipTo | null> {
    const profile = await user.profileOf(ctx, { user_id }).catch((error: unknown) => {
      if (error instanceof AppError && error.kind === 'not_found') return undefined;
      throw error;
    });
    return shipToOf(profile);
  }

  async function create(
    ctx: Ctx,
    decide: (shipment_id: number) => Change<ShipmentState>,
  ): Promise<ShipmentState | undefined> {
    try {
      return await withId(
        shipments.ids,
        (shipment_id) => shipments.save(ctx, decide(shipment_id)),
        (saved) => saved.shipment_id,
      );
    } catch (error) {
      if (error instanceof AppError && error.code === deliveryErrors.EXISTS.code) return undefined;
      throw error;
    }
  }
}
