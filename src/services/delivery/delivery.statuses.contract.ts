import { Type } from 'typebox';

const STATUSES = [
  'pending',
  'packed',
  'shipped',
  'in_transit',
  'delivered',
  'failed',
  'returned',
  'cancelled',
] as const;
export type ShipmentStatus = (typeof STATUSES)[number];
export const ShipmentStatus = () => Type.Unsafe<ShipmentStatus>({ type: 'string', enum: [...STATUSES] });

/** A status as a request may spell it. */
export const ShipmentStatusInput = () =>
  Type.Unsafe<ShipmentStatusInput>({ type: 'string', enum: [...STATUSES, 'canceled'] });
export type ShipmentStatusInput = ShipmentStatus | 'canceled';

/** What carriers call a status, and what it is here. */
export const CARRIER_WORDS = {
  accepted: 'shipped',
  picked_up: 'shipped',
  shipped: 'shipped',
  in_transit: 'in_transit',
  arrived_at_facility: 'in_transit',
  customs: 'in_transit',
  out_for_delivery: 'in_transit',
  delivered: 'delivered',
  exception: 'failed',
  failed: 'failed',
  undeliverable: 'failed',
  return_to_sender: 'returned',
  returned: 'returned',
} as const satisfies Record<string, ShipmentStatus>;
export type CarrierWord = keyof typeof CARRIER_WORDS;

/** The steps of a parcel that arrives, one after the other. */
const ROUTE: readonly ShipmentStatus[] = ['pending', 'packed', 'shipped', 'in_transit', 'delivered'];

/** The steps between two statuses. */
export function stepsBetween(from: ShipmentStatus, to: ShipmentStatus): ShipmentStatus[] {
  const [start, end] = [ROUTE.indexOf(from), ROUTE.indexOf(to)];
  return start < 0 ? [] : ROUTE.slice(start + 1, Math.max(end, start + 1));
}

/** Shipment statuses by how far the parcel is. None follows `cancelled`, and a cancelled parcel was at most packed. */
const SHIPMENT_PROGRESS: readonly ShipmentStatus[] = [
  'pending',
  'packed',
  'cancelled',
  'shipped',
  'in_transit',
  'failed',
  'delivered',
  'returned',
];

/** How far a parcel is: a status with a larger number is further. */
export const shipmentProgress = (status: ShipmentStatus): number => SHIPMENT_PROGRESS.indexOf(status);
