import type { ApiOf, Change, Ctx } from '../../../platform/contract/contract.ts';
import { AppError } from '../../../platform/contract/errors.ts';
import { withId } from '../../../platform/contract/ids.ts';
import type { userOps } from '../../user/user.contract.ts';
import { deliveryErrors } from '../delivery.contract.ts';
import { openShipment, openStoppedShipment, type ShipmentState } from '../delivery.model.ts';
import type { ShipmentRepository } from '../delivery.repository.ts';
import { type Destination, destinationOf, shipToOf } from './delivery.destination.model.ts';
import type { Cancellation, OrderToShip, ShippingAddress } from './delivery.orders.contract.ts';

/** Where the buyer lives. */
export type Profiles = Pick<ApiOf<typeof userOps>, 'profileOf'>;

/** Creates the shipment of an order; undefined when it has one already. */
export interface ShipmentCreation {
  /** To where the order wants it, else to where the buyer lives. */
  open(ctx: Ctx, order: OrderToShip, destination?: Destination): Promise<ShipmentState | undefined>;
  /** As cancelled, for an order that is to be cancelled before delivery knows it. */
  openStopped(ctx: Ctx, order: OrderToShip, cancellation: Cancellation): Promise<ShipmentState | undefined>;
  /** Where a parcel goes by the address of its order. */
  destination(ctx: Ctx, order: OrderToShip, address: ShippingAddress): Promise<Destination>;
}

const NOWHERE: Destination = { ship_to: null, shipping_address: null };

/** Creates shipments, for the event of an order and for what an order asks. */
export function shipmentCreation(
  shipments: Pick<ShipmentRepository, 'ids' | 'save'>,
  user: Profiles,
): ShipmentCreation {
  return {
    async open(ctx, order, destination) {
      const to = destination ?? { ship_to: shipToOf(await profileOf(ctx, order.user_id)), shipping_address: null };
      return create(ctx, (shipment_id) => openShipment(order, { shipment_id, ...to }, ctx));
    },
    async destination(ctx, { user_id, username }, address) {
      return destinationOf(address, (await profileOf(ctx, user_id)) ?? { username, display_name: null });
    },
    openStopped: (ctx, order, cancellation) =>
      create(ctx, (shipment_id) => openStoppedShipment(order, { shipment_id, ...NOWHERE }, cancellation, ctx)),
  };

  // An account may be gone; its order is still to be delivered.
  function profileOf(ctx: Ctx, user_id: number) {
    return user.profileOf(ctx, { user_id }).catch((error: unknown) => {
      if (error instanceof AppError && error.kind === 'not_found') return undefined;
      throw error;
    });
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
