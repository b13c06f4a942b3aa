import type { Actions } from '../../platform/app/actions.ts';
import type { ServiceParts } from '../../platform/app/module.ts';
import { isStaff, maySee, self } from '../../platform/contract/actor.ts';
import type { Ctx } from '../../platform/contract/contract.ts';
import { SIMULATOR, simulatorOf } from './carriers/simulator.ts';
import { parcelBooking } from './delivery.booking.ts';
import { type Cancellation, deliveryErrors, type deliveryOps, type OrderToShip } from './delivery.contract.ts';
import { departureCheck, type PaidOrders } from './delivery.departure.ts';
import {
  chronological,
  type ShipmentState,
  setShipmentStatus,
  shipmentStatusOf,
  stopShipment,
} from './delivery.model.ts';
import type { ShipmentFilter, ShipmentRepository } from './delivery.repository.ts';
import { deliverySettings } from './delivery.settings.ts';
import { trackingActions } from './delivery.tracking.ts';
import { type Profiles, shipmentCreation } from './orders/delivery.creation.ts';
import { orderShipmentActions } from './orders/delivery.orders.ts';

/** What shipments need of others: the addresses of buyers, and what was paid for orders. */
export interface DeliveryPeers {
  readonly payment: PaidOrders;
  readonly user: Profiles;
}

/** What shipments follow from the events of orders. */
export interface DeliveryInternalActions {
  /** Creates the shipment of a new order; one that has a shipment keeps it. */
  openShipment(ctx: Ctx, order: OrderToShip): Promise<unknown>;
  /**
   * Cancels the shipment of an order that a process of an earlier version has cancelled without asking. Throws
   * SHIPMENT_NOT_FOUND while the order has no shipment yet; the event is then delivered again.
   */
  stopOfOrder(ctx: Ctx, order_id: number, cancellation: Cancellation): Promise<unknown>;
}

type DeliveryParts = ServiceParts<ShipmentRepository, DeliveryPeers, 'config'>;

/** Shipments, their carriers and their statuses. */
export function deliveryService({ repository: shipments, peers: { user, payment }, tools }: DeliveryParts) {
  const settings = tools.config.valuesOf(deliverySettings);
  const simulator = simulatorOf(settings.CARRIER_SIMULATION_SECONDS);
  const simulated = settings.CARRIER_SIMULATION === 'on';
  const bookParcel = parcelBooking({ carriers: new Map([[SIMULATOR, simulator]]), simulated });
  const mustBePaid = departureCheck(payment);
  const creation = shipmentCreation(shipments, user);

  return {
    ...trackingActions({ shipments, simulator: simulated ? simulator : undefined, secret: settings.CARRIER_SECRET }),
    async list(ctx, { all, user_id, status, limit = 50, cursor }) {
      const filter = { user_id: listedOwner(ctx, all === true, user_id), status: status && shipmentStatusOf(status) };
      return shipments.list(filter, { limit, cursor });
    },
    get: async (ctx, { shipment_id }) => publicShipment(visible(ctx, await shipments.get(shipment_id))),
    byOrder: async (ctx, { order_id }) => publicShipment(visible(ctx, await shipments.findByOrder(order_id))),
    async setStatus(ctx, { shipment_id, ...update }) {
      const shipment = await shipments.get(shipment_id);
      // Checked before the booking: a transition that is not allowed must not book a parcel.
      setShipmentStatus(shipment, update, ctx);
      await mustBePaid(ctx, shipment, update);
      const parcel = await bookParcel(shipment, update);
      return publicShipment(await shipments.save(ctx, setShipmentStatus(shipment, { ...update, ...parcel }, ctx)));
    },
    ...orderShipmentActions({ shipments, creation }),
    openShipment: creation.open,
    async stopOfOrder(ctx, order_id, cancellation) {
      const shipment = await shipments.findByOrder(order_id);
      if (!shipment) throw deliveryErrors.NOT_FOUND();
      return shipments.save(ctx, stopShipment(shipment, cancellation, ctx));
    },
  } satisfies Actions<typeof deliveryOps> & DeliveryInternalActions;
}

// Staff list everybody's shipments or those of one user; a customer lists only their own, whatever they ask for.
function listedOwner(ctx: Ctx, all: boolean, user_id: number | undefined): ShipmentFilter['user_id'] {
  if (!isStaff(ctx.actor)) return self(ctx).id;
  if (user_id !== undefined) return user_id;
  return all ? undefined : self(ctx).id;
}

function visible(ctx: Ctx, state: ShipmentState | undefined): ShipmentState {
  if (!state || !maySee(ctx.actor, state)) throw deliveryErrors.NOT_FOUND();
  return state;
}

const publicShipment = (state: ShipmentState) => ({ ...state, history: chronological(state.history) });
