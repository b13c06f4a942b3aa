import type { Change, Ctx, Page } from '../../platform/contract/contract.ts';
import type { Ids } from '../../platform/contract/ids.ts';
import type { ShipmentStatus } from './delivery.contract.ts';
import type { ShipmentState, ShipmentStep } from './delivery.model.ts';
import type { Destination } from './orders/delivery.destination.model.ts';

export interface ShipmentFilter {
  /** Undefined: everybody's. */
  readonly user_id?: number;
  readonly status?: ShipmentStatus;
}

/** How shipments are stored. */
export interface ShipmentRepository {
  readonly ids: Ids;
  /** Throws SHIPMENT_NOT_FOUND. */
  get(shipment_id: number): Promise<ShipmentState>;
  findByOrder(order_id: number): Promise<ShipmentState | undefined>;
  /** The carrier's name is compared without case. */
  findByTracking(carrier: string, tracking_number: string): Promise<ShipmentState | undefined>;
  /** Newest first. */
  list(filter: ShipmentFilter, page: { limit: number; cursor?: string }): Promise<Page<ShipmentState>>;
  /** Shipments of a carrier that have not arrived, in the order of their ids, after one. */
  underWay(carrier: string, after: number, limit: number): Promise<ShipmentState[]>;
  /** Throws SHIPMENT_EXISTS for a second one of an order, SHIPMENT_TRACKING_TAKEN, and STALE. */
  save(ctx: Ctx, change: Change<ShipmentState>): Promise<ShipmentState>;
  /**
   * Sets where a parcel goes that is not packed yet; false when there is no such shipment. A change of the status that was
   * decided before is then stale.
   */
  setDestination(order_id: number, destination: Destination): Promise<boolean>;
  /** Adds an entry to the history that changes no status and is no event; one with a known update_id is left out. */
  addStep(shipment_id: number, step: ShipmentStep): Promise<void>;
}
