import type { ShipTo } from '../delivery.contract.ts';
import type { CarrierUpdate } from '../delivery.model.ts';

/** What a carrier is asked to take along. */
export interface Parcel {
  readonly shipment_id: number;
  readonly order_id: number;
  readonly ship_to: ShipTo | null;
}

/** A parcel that a carrier has taken. */
export interface Booked {
  readonly tracking_number: string;
  /** When it was handed over. */
  readonly since: string;
}

/**
 * A carrier that this program talks to. One that is merely named needs none of this: staff write its tracking number
 * down, and it reports to `POST /carriers/{carrier}/updates`.
 */
export interface Carrier {
  readonly name: string;
  /** Books a parcel, once for each shipment: asked again, it answers the same number. */
  book(parcel: Parcel): Promise<{ readonly tracking_number: string }>;
  /** For one that is asked instead of reporting: what it has said of a parcel by now, as untidy as it comes. */
  said?(parcel: Booked, now: string): readonly CarrierUpdate[];
}
