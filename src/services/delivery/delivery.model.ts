import { type Change, type Ctx, type OutputOf, unchanged, type Versioned } from '../../platform/contract/contract.ts';
import { invalid } from '../../platform/contract/errors.ts';
import type { OrderPlaced } from '../order/order.contract.ts';
import type { userOps } from '../user/user.contract.ts';
import {
  CARRIER_WORDS,
  type CarrierWord,
  deliveryErrors,
  deliveryEvents,
  type Shipment,
  type ShipmentStatus,
  type ShipmentStatusInput,
  type ShipTo,
  type Source,
} from './delivery.contract.ts';

/** What the user service says of a buyer. */
export type RecipientProfile = OutputOf<typeof userOps.profileOf>;

/** One thing that was said of a shipment. */
export interface ShipmentStep {
  readonly status: ShipmentStatus;
  /** By the clock of who says it. */
  readonly at: string;
  readonly note: string | null;
  readonly source: Source;
  /** The carrier's name for what it said: it may say it twice. */
  readonly update_id?: string;
}

/** A shipment as it is kept. */
export interface ShipmentState extends Shipment, Versioned {
  readonly ship_to: ShipTo | null;
  /** In the order in which it became known. */
  readonly history: readonly ShipmentStep[];
}

/** What staff say of a shipment. */
export interface Given {
  readonly status: ShipmentStatusInput;
  readonly carrier?: string;
  readonly tracking_number?: string;
  readonly note?: string;
}

/** What a carrier says of a parcel. */
export interface CarrierUpdate {
  readonly status: CarrierWord;
  readonly at: string;
  readonly update_id: string;
  readonly note?: string;
}

/** Staff may skip steps and never go back. */
const NEXT: Readonly<Record<ShipmentStatus, readonly ShipmentStatus[]>> = {
  pending: ['packed', 'shipped', 'in_transit', 'delivered', 'cancelled'],
  packed: ['shipped', 'in_transit', 'delivered', 'cancelled'],
  shipped: ['in_transit', 'delivered', 'failed'],
  in_transit: ['delivered', 'failed', 'returned'],
  failed: ['delivered', 'returned'],
  delivered: ['returned'],
  returned: [],
  cancelled: [],
};

/**
 * How far a parcel is, in the eyes of a carrier. Of all that it says, whatever the order, the furthest holds: its
 * clocks and its messages are not to be trusted, and a parcel that was delivered is not on its way again.
 */
const LINE: readonly ShipmentStatus[] = [
  'pending',
  'packed',
  'shipped',
  'in_transit',
  'failed',
  'delivered',
  'returned',
];

/** The shipment of a new order. */
export function openShipment(
  order: OrderPlaced,
  { shipment_id, ship_to }: { shipment_id: number; ship_to: ShipTo | null },
  ctx: Ctx,
): Change<ShipmentState> {
  const next: ShipmentState = {
    shipment_id,
    order_id: order.order_id,
    user_id: order.user_id,
    username: order.username,
    items: order.items.map(({ product_id, product_name, quantity }) => ({ product_id, product_name, quantity })),
    ship_to,
    status: 'pending',
    carrier: null,
    tracking_number: null,
    history: [{ status: 'pending', at: ctx.now, note: null, source: 'platform' }],
    created_at: ctx.now,
    updated_at: ctx.now,
    version: 0,
  };
  return { next, events: [deliveryEvents.created(shipment_id, next, aboutOrder(next))] };
}

/** Where the parcel of this buyer goes; null when the account is gone or says nothing. */
export function shipToOf(
  profile: Pick<RecipientProfile, 'username' | 'display_name' | 'address'> | undefined,
): ShipTo | null {
  const address = profile?.address;
  if (!profile || !address) return null;
  const town = `${address.postal_code} ${address.city}`;
  const lines = [address.line1, address.line2, town, address.region, address.country].filter(isText);
  return { name: profile.display_name || profile.username, lines };
}

const isText = (line: string | undefined): line is string => line !== undefined && line !== '';

/**
 * What staff say: a further status, or the same one with another tracking number. Throws SHIPMENT_ILLEGAL_STATUS for
 * a step back, and for one that the machine does not have.
 */
export function setShipmentStatus(state: ShipmentState, given: Given, ctx: Ctx): Change<ShipmentState> {
  const from = state.status;
  const to = shipmentStatusOf(given.status);
  const carrier = given.carrier ?? state.carrier;
  const tracking_number = given.tracking_number ?? state.tracking_number;
  const relabelled = carrier !== state.carrier || tracking_number !== state.tracking_number;
  if (from === to && !relabelled) return unchanged(state);
  if (from !== to && !NEXT[from].includes(to)) throw deliveryErrors.ILLEGAL_STATUS({ from, to });
  const note = given.note ?? (from === to ? 'another carrier or tracking number' : null);
  return moved({ ...state, carrier, tracking_number }, { status: to, at: ctx.now, note, source: 'staff' }, ctx);
}

/** The order was cancelled: what has not left does not leave. What has left goes its way. */
export function cancelShipment(state: ShipmentState, ctx: Ctx): Change<ShipmentState> {
  if (!NEXT[state.status].includes('cancelled')) return unchanged(state);
  const note = 'the order was cancelled';
  return moved(state, { status: 'cancelled', at: ctx.now, note, source: 'platform' }, ctx);
}

/** Says again where a shipment is, to whom has not heard it: from and to are the same. */
export function announceAgain(state: ShipmentState, ctx: Ctx): Change<ShipmentState> {
  const { shipment_id, order_id, user_id, status, carrier, tracking_number } = state;
  const said = { shipment_id, order_id, user_id, from: status, to: status, carrier, tracking_number, at: ctx.now };
  const next = { ...state, updated_at: ctx.now };
  return { next, events: [deliveryEvents.statusChanged(shipment_id, said, aboutOrder(next))] };
}

/** What an update comes to: a move, or a line in the history, or neither when it was there before. */
export interface CarrierOutcome {
  readonly change: Change<ShipmentState>;
  /** What is only to be noted. */
  readonly late?: ShipmentStep;
}

/** A carrier that says more than this of one parcel is not believed, nor kept. */
const MOST_STEPS = 200;

/**
 * What a carrier says. It moves the shipment only onwards, over steps that nobody told of if need be; all else enters
 * the history. So any order of the same updates, each once or often, ends in the same status with the same history.
 */
export function carrierUpdate(state: ShipmentState, update: CarrierUpdate, ctx: Ctx): CarrierOutcome {
  const step = stepOf(update);
  const change = unchanged(state);
  if (state.history.some(({ update_id }) => update_id === step.update_id)) return { change };
  // A cancelled shipment has no place on the line, so nothing is further than it.
  const further = state.status !== 'cancelled' && LINE.indexOf(step.status) > LINE.indexOf(state.status);
  if (further) return { change: moved(state, step, ctx) };
  return state.history.length < MOST_STEPS ? { change, late: step } : { change };
}

function stepOf({ status: word, at, update_id, note }: CarrierUpdate): ShipmentStep {
  const time = new Date(at);
  const year = time.getUTCFullYear();
  if (!RFC_3339.test(at) || !(year >= 2000 && year < 2200)) {
    throw invalid('at is not a time', [{ pointer: '/at', detail: 'must be a time such as 2026-07-28T09:30:00Z' }]);
  }
  const status = CARRIER_WORDS[word];
  const said = word === status ? null : word.replaceAll('_', ' ');
  return { status, at: time.toISOString(), note: note || said, source: 'carrier', update_id };
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

function moved(state: ShipmentState, step: ShipmentStep, ctx: Ctx): Change<ShipmentState> {
  const next = { ...state, status: step.status, history: [...state.history, step], updated_at: ctx.now };
  const { shipment_id, order_id, user_id, carrier, tracking_number } = next;
  const data = { shipment_id, order_id, user_id, carrier, tracking_number };
  const change = { ...data, from: state.status, to: step.status, at: ctx.now };
  return { next, events: [deliveryEvents.statusChanged(shipment_id, change, aboutOrder(next))] };
}

const aboutOrder = ({ order_id }: { order_id: number }): string => `order/${order_id}`;

/** One spelling of the end state. */
export function shipmentStatusOf(given: ShipmentStatusInput): ShipmentStatus {
  return given === 'canceled' ? 'cancelled' : given;
}

/** When a parcel was handed to its carrier or made ready for it. */
export function bookedAt(state: ShipmentState): string {
  return state.history.find(({ status }) => status !== 'pending')?.at ?? state.created_at;
}

/** The history by the clocks of those who told it. */
export function byTime(history: readonly ShipmentStep[]): ShipmentStep[] {
  const place = ({ at, status, update_id = '' }: ShipmentStep): string =>
    `${at} ${LINE.indexOf(status) + 1} ${update_id}`;
  return history.toSorted((a, b) => (place(a) < place(b) ? -1 : 1));
}
