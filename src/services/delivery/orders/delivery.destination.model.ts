import type { OutputOf } from '../../../platform/contract/contract.ts';
import type { userOps } from '../../user/user.contract.ts';
import type { ShippingAddress, ShipTo } from '../delivery.contract.ts';

/** Where a parcel goes. */
export interface Destination {
  readonly ship_to: ShipTo | null;
  /** As the order set it; null: as the profile had it. */
  readonly shipping_address: ShippingAddress | null;
}

/** What the user service says of a buyer. */
export type RecipientProfile = OutputOf<typeof userOps.profileOf>;

/** The address that the parcel of this buyer goes to; null when the account is gone or has no address. */
export function shipToOf(
  profile: Pick<RecipientProfile, 'username' | 'display_name' | 'address'> | undefined,
): ShipTo | null {
  const address = profile?.address;
  if (!profile || !address) return null;
  const town = `${address.postal_code} ${address.city}`;
  const lines = [address.line1, address.line2, town, address.region, address.country].filter(isText);
  return { name: profile.display_name || profile.username, lines };
}

/** Where a parcel goes for which the order has set an address. */
export function destinationOf(
  shipping_address: ShippingAddress,
  profile: Pick<RecipientProfile, 'username' | 'display_name'>,
): Destination {
  const { name, ...address } = shipping_address;
  const recipient = { ...profile, display_name: name ?? profile.display_name, address };
  return { ship_to: shipToOf(recipient), shipping_address };
}

const isText = (line: string | undefined): line is string => line !== undefined && line !== '';
