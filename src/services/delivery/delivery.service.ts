import type { Actions } from '../../platform/app/actions.ts';
import type { ServiceParts } from '../../platform/app/module.ts';
import { isStaff, maySee, self } from '../../platform/contract/actor.ts';
import type { Ctx } from '../../platform/contract/contract.ts';
import { type AppError, common } from '../../platform/contract/errors.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { OrderPlaced } from '../order/order.contract.ts';
import type { Carrier } from './carriers/carrier.ts';
import { SIMULATOR, simulatorOf } from './carriers/simulator.ts';
import { deliveryErrors, type deliveryOps } from './delivery.contract.ts';
import { type Profiles, shipmentCreation } from './delivery.creation.ts';
import {
  bookedAt,
  byTime,
  type CarrierUpdate,
  cancelShipment,
  carrierUpdate,
  type Given,
  type ShipmentState,
  setShipmentStatus,
  shipmentStatusOf,
} from './delivery.model.ts';
import { type Orders, reconciliation } from './delivery.reconciliation.ts';
import type { ShipmentFilter, ShipmentRepository } from './delivery.repository.ts';
import { isSigned } from './delivery.signature.ts';

/** What shipments need of others: the orders, and where the buyer lives. */
export interface DeliveryPeers {
  readonly order: Orders;
  readonly user: Profiles;
}

/** What shipments follow from the events of orders. */
export interface DeliveryInternalActions {
  /** The shipment of a new order; one that has it keeps it. */
  openShipment(ctx: Ctx, order: OrderPlaced): Promise<unknown>;
  /** Throws SHIPMENT_NOT_FOUND while the shipment is still to be made; the event then comes again. */
  cancelOfOrder(ctx: Ctx, order: { readonly order_id: number }): Promise<unknown>;
}

type DeliveryParts = ServiceParts<ShipmentRepository, DeliveryPeers, 'config' | 'log'>;

export function deliveryService({ repository: shipments, peers: { order, user }, tools }: DeliveryParts) {
  const { config, log } = tools;
  const open = shipmentCreation(shipments, user);
  const reconcile = reconciliation({ orders: order, shipments, open, log });
  const simulated = config.CARRIER_SIMULATION === 'on';
  const carriers = new Map<string, Carrier>([[SIMULATOR, simulatorOf(config.CARRIER_SIMULATION_SECONDS)]]);

  return {
    async list(ctx, { all, user_id, status, limit = 50, cursor }) {
      const filter = { user_id: whose(ctx, all === true, user_id), status: status && shipmentStatusOf(status) };
      return shipments.list(filter, { limit, cursor });
    },
    get: async (ctx, { shipment_id }) => shown(visible(ctx, await shipments.get(shipment_id))),
    byOrder: async (ctx, { order_id }) => shown(visible(ctx, await shipments.findByOrder(order_id))),
    async setStatus(ctx, { shipment_id, ...given }) {
      const shipment = await shipments.get(shipment_id);
      // Decided twice: what is refused must not be booked.
      setShipmentStatus(shipment, given, ctx);
      const parcel = await bookedFor(shipment, given);
      return shown(await shipments.save(ctx, setShipmentStatus(shipment, { ...given, ...parcel }, ctx)));
    },
    async carrierUpdate(ctx, { signature, ...report }) {
      if (!isStaff(ctx.actor) && !isSigned(report, signature, config.CARRIER_SECRET)) throw refusal(ctx);
      const { carrier, tracking_number, ...update } = report;
      return { applied: await tell(ctx, carrier, tracking_number, update) };
    },
    reconcile,
    async playSimulator(ctx) {
      let applied = 0;
      if (!simulated) return { applied };
      for (let after = 0; ; ) {
        const some = await shipments.underWay(SIMULATOR, after, PLAYED_AT_ONCE);
        for (const moves of await Promise.all(some.map((one) => play(ctx, one)))) applied += moves;
        if (some.length < PLAYED_AT_ONCE) return { applied };
        after = some.at(-1)?.shipment_id ?? 0;
      }
    },
    openShipment: open,
    async cancelOfOrder(ctx, { order_id }) {
      const shipment = await shipments.findByOrder(order_id);
      if (!shipment) throw deliveryErrors.NOT_FOUND();
      return shipments.save(ctx, cancelShipment(shipment, ctx));
    },
  } satisfies Actions<typeof deliveryOps> & DeliveryInternalActions;

  // A parcel is booked when it is ready to go, with a carrier that is talked to, unless it has its number.
  async function bookedFor(shipment: ShipmentState, { status, carrier, tracking_number }: Given) {
    const name = carrier ?? shipment.carrier ?? (simulated ? SIMULATOR : undefined);
    const known = name === undefined ? undefined : carriers.get(name.toLowerCase());
    const ready = status === 'packed' || status === 'shipped';
    if (!known || !ready || (tracking_number ?? shipment.tracking_number)) return undefined;
    return { carrier: known.name, tracking_number: (await known.book(shipment)).tracking_number };
  }

  // When another update of the same parcel was faster, what this one comes to is decided anew.
  function tell(ctx: Ctx, carrier: string, tracking_number: string, update: CarrierUpdate): Promise<boolean> {
    return retryOnConflict(async () => {
      const shipment = await shipments.findByTracking(carrier, tracking_number);
      if (!shipment) throw deliveryErrors.NOT_FOUND();
      const { change, late } = carrierUpdate(shipment, update, ctx);
      if (late) await shipments.note(shipment.shipment_id, late);
      await shipments.save(ctx, change);
      return change.events.length > 0;
    });
  }

  async function play(ctx: Ctx, shipment: ShipmentState): Promise<number> {
    const { tracking_number, history } = shipment;
    if (tracking_number === null) return 0;
    const said = carriers.get(SIMULATOR)?.said?.({ tracking_number, since: bookedAt(shipment) }, ctx.now) ?? [];
    const heard = new Set(history.map(({ update_id }) => update_id));
    const moved = [];
    // One after the other, as they came: the copies too.
    for (const update of said.filter(({ update_id }) => !heard.has(update_id))) {
      moved.push(await tell(ctx, SIMULATOR, tracking_number, update));
    }
    return moved.filter(Boolean).length;
  }
}

const PLAYED_AT_ONCE = 100;

// Staff see everybody's, or those of one user; who is no staff sees their own, whatever they ask for.
function whose(ctx: Ctx, all: boolean, user_id: number | undefined): ShipmentFilter['user_id'] {
  if (!isStaff(ctx.actor)) return self(ctx).id;
  if (user_id !== undefined) return user_id;
  return all ? undefined : self(ctx).id;
}

function visible(ctx: Ctx, state: ShipmentState | undefined): ShipmentState {
  if (!state || !maySee(ctx.actor, state)) throw deliveryErrors.NOT_FOUND();
  return state;
}

const shown = (state: ShipmentState) => ({ ...state, history: byTime(state.history) });

function refusal({ actor }: Ctx): AppError {
  return actor.kind === 'anonymous' ? deliveryErrors.BAD_SIGNATURE() : common.FORBIDDEN();
}
