import { createHash } from 'node:crypto';
import type { CarrierUpdate } from '../delivery.model.ts';
import type { Carrier } from './carrier.ts';

/**
 * The built-in carrier: it delivers every parcel, and its updates are repeated and out of order. They depend on the
 * tracking number and the time alone, so that it stores nothing and a restart changes nothing.
 */
export function simulatorOf(secondsAStep: number): Carrier {
  return {
    name: SIMULATOR,
    book: async ({ shipment_id }) => ({ tracking_number: numberOf(shipment_id) }),
    updatesOf: ({ tracking_number, since }, now) => {
      const passed = (Date.parse(now) - Date.parse(since)) / (secondsAStep * 1000);
      return messagesOf(tracking_number, since, secondsAStep)
        .filter(({ arrives }) => arrives <= passed)
        .map(({ update }) => update);
    },
  };
}

export const SIMULATOR = 'simulator';

/** Such as `SIM000000172`: the shipment and a check digit. */
function numberOf(shipment_id: number): string {
  const digits = String(shipment_id).padStart(8, '0');
  const check = [...digits].reduce((sum, digit, place) => sum + Number(digit) * (place % 2 ? 3 : 1), 0) % 10;
  return `SIM${digits}${check}`;
}

const ROUTE = ['picked_up', 'in_transit', 'out_for_delivery', 'delivered'] as const;

interface Message {
  /** In steps since the parcel was handed over. */
  readonly arrives: number;
  readonly update: CarrierUpdate;
}

// Every message comes twice, the second time possibly after later messages; one message of a parcel comes late even the
// first time.
function messagesOf(tracking_number: string, since: string, seconds: number): Message[] {
  const digest = createHash('sha256').update(tracking_number).digest();
  const delayed = (digest[0] ?? 0) % ROUTE.length;
  const messages = ROUTE.flatMap((status, place): Message[] => {
    const happens = place + 1;
    const at = new Date(Date.parse(since) + happens * seconds * 1000).toISOString();
    const update = { status, at, update_id: `${tracking_number}-${happens}` };
    const first = happens + (place === delayed ? 1.5 : 0);
    const second = first + ((digest[happens] ?? 0) % 3);
    return [first, second].map((arrives) => ({ arrives, update }));
  });
  return messages.sort((a, b) => a.arrives - b.arrives);
}
