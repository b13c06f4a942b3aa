import type { Carrier } from './carriers/carrier.ts';
import { SIMULATOR } from './carriers/simulator.ts';
import type { ShipmentState, StatusUpdate } from './delivery.model.ts';

interface BookingParts {
  /** Those with an integration, by their names in lower case. */
  readonly carriers: ReadonlyMap<string, Carrier>;
  /** Whether a parcel without a carrier goes with the simulator. */
  readonly simulated: boolean;
}

/** The carrier and tracking number of a parcel that was booked; undefined when there is nothing to book. */
export type BookParcel = (
  shipment: ShipmentState,
  update: StatusUpdate,
) => Promise<{ readonly carrier: string; readonly tracking_number: string } | undefined>;

/** Books a parcel when it is ready, with a carrier that has an integration, unless it has a tracking number. */
export function parcelBooking({ carriers, simulated }: BookingParts): BookParcel {
  return async function bookParcel(shipment, { status, carrier, tracking_number }) {
    const name = carrier ?? shipment.carrier ?? (simulated ? SIMULATOR : undefined);
    const found = name === undefined ? undefined : carriers.get(name.toLowerCase());
    const ready = status === 'packed' || status === 'shipped';
    if (!found || !ready || (tracking_number ?? shipment.tracking_number)) return undefined;
    return { carrier: found.name, tracking_number: (await found.book(shipment)).tracking_number };
  };
}
