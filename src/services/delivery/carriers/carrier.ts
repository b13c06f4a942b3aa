import type { ShipTo } from '../delivery.contract.ts';
import type { CarrierUpdate } from '../delivery.model.ts';

/** What a carrier needs to book a parcel. */
export interface Parcel {
  readonly shipment_id: number;
  readonly order_id: number;
  readonly ship_to: ShipTo | null;
}

/** A parcel that a carrier has booked. */
export interface BookedParcel {
  readonly tracking_number: string;
  /** When it was handed over. */
  readonly since: string;
}

/**
 * A carrier with an integration. Any other carrier needs none: staff enter its tracking number, and it reports to
 * `POST /carriers/{carrier}/updates`.
 */
export interface Carrier {
  readonly name: string;
  /** Books a parcel. It is idempotent: a shipment always gets the same tracking number. */
  book(parcel: Parcel): Promise<{ readonly tracking_number: string }>;
  /** For a carrier that is polled: all updates of a parcel until now, possibly repeated and out of order. */
  updatesOf?(parcel: BookedParcel, now: string): readonly CarrierUpdate[];
}
