import { type Change, type Ctx, unchanged, type Versioned } from '../../platform/contract/contract.ts';
import { invalid } from '../../platform/contract/errors.ts';
import type { Minor } from '../../platform/contract/money.ts';
import { openAmount } from '../payment/payment.totals.contract.ts';
import type { Receivable } from '../payment/receivables/payment.receivables.contract.ts';
import {
  CARRIER_WORDS,
  type Cancellation,
  type CarrierWord,
  deliveryErrors,
  deliveryEvents,
  type OrderToShip,
  type Shipment,
  type ShipmentStatus,
  type ShipmentStatusInput,
  type Source,
  shipmentProgress,
  stepsBetween,
} from './delivery.contract.ts';
import type { Destination } from './orders/delivery.destination.model.ts';

/** One entry in the history of a shipment. */
export interface ShipmentStep {
  readonly status: ShipmentStatus;
  /** By the clock of its source. */
  readonly at: string;
  readonly note: string | null;
  readonly source: Source;
  /** The carrier's id of this update, which may come more than once. */
  readonly update_id?: string;
  /** The steps between the one before and this that the staff left out. */
  readonly skipped?: ShipmentStatus[];
  /** The staff let it leave whether its order is paid or not. */
  readonly unpaid?: boolean;
}

/** A shipment as it is stored. */
export interface ShipmentState extends Shipment, Destination, Versioned {
  /** Of its order; null for a shipment that was made before this was kept. */
  readonly total: Minor | null;
  readonly currency: string | null;
  /** How often it was packed again after it had failed. */
  readonly sent_again: number;
  /** Why it is cancelled: by the staff alone, or because its order is. Null also for one of before this was kept. */
  readonly cancelled_for: Cancellation | 'staff' | null;
  /** In the order in which it became known. */
  readonly history: readonly ShipmentStep[];
}

/** A new status from the staff. */
export interface StatusUpdate {
  readonly status: ShipmentStatusInput;
  /** Steps that are left out. */
  readonly skip?: readonly ShipmentStatus[];
  /** Lets the parcel leave whether its order is paid or not. */
  readonly unpaid?: boolean;
  readonly carrier?: string;
  readonly tracking_number?: string;
  readonly note?: string;
}

/** An update from a carrier. */
export interface CarrierUpdate {
  readonly status: CarrierWord;
  readonly at: string;
  readonly update_id: string;
  readonly note?: string;
}

/** The transitions that staff may make: none goes back, except that a parcel that failed is packed and sent again. */
const NEXT: Readonly<Record<ShipmentStatus, readonly ShipmentStatus[]>> = {
  pending: ['packed', 'shipped', 'in_transit', 'delivered', 'cancelled'],
  packed: ['shipped', 'in_transit', 'delivered', 'cancelled'],
  shipped: ['in_transit', 'delivered', 'failed'],
  in_transit: ['delivered', 'failed', 'returned'],
  failed: ['packed', 'delivered', 'returned'],
  delivered: ['returned'],
  returned: [],
  cancelled: [],
};

interface NewParcel extends Destination {
  readonly shipment_id: number;
}

/** The shipment of a new order. */
export function openShipment(
  order: OrderToShip,
  { shipment_id, ship_to, shipping_address }: NewParcel,
  ctx: Ctx,
): Change<ShipmentState> {
  const next: ShipmentState = {
    shipment_id,
    order_id: order.order_id,
    user_id: order.user_id,
    username: order.username,
    items: order.items.map(({ product_id, product_name, quantity }) => ({ product_id, product_name, quantity })),
    ship_to,
    shipping_address,
    total: order.total,
    currency: order.currency,
    sent_again: 0,
    cancelled_for: null,
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

/** The shipment of an order that is to be cancelled before it had one. */
export function openStoppedShipment(
  order: OrderToShip,
  parcel: NewParcel,
  cancellation: Cancellation,
  ctx: Ctx,
): Change<ShipmentState> {
  const opened = openShipment(order, parcel, ctx);
  const { next, events } = stopShipment(opened.next, cancellation, ctx);
  return { next, events: [...opened.events, ...events] };
}

/**
 * Sets the next status, or one behind steps that `skip` names, or changes carrier or tracking number of the same one.
 * Throws SHIPMENT_STEPS_LEFT_OUT, and SHIPMENT_ILLEGAL_STATUS for a transition that there is not.
 */
export function setShipmentStatus(state: ShipmentState, update: StatusUpdate, ctx: Ctx): Change<ShipmentState> {
  const from = state.status;
  const to = shipmentStatusOf(update.status);
  const carrier = update.carrier ?? state.carrier;
  const tracking_number = update.tracking_number ?? state.tracking_number;
  const relabelled = carrier !== state.carrier || tracking_number !== state.tracking_number;
  if (from === to && !relabelled) return unchanged(state);
  if (from !== to && !NEXT[from].includes(to)) throw deliveryErrors.ILLEGAL_STATUS({ from, to });
  const skipped = stepsBetween(from, to);
  const steps = skipped.filter((step) => !update.skip?.includes(step));
  if (steps.length > 0) throw deliveryErrors.STEPS_LEFT_OUT({ from, to, steps: skipped });
  const note = update.note ?? (from === to ? 'another carrier or tracking number' : null);
  const next = {
    ...state,
    carrier,
    tracking_number,
    cancelled_for: to === 'cancelled' ? (state.cancelled_for ?? 'staff') : null,
    sent_again: state.sent_again + Number(from === 'failed' && to === 'packed'),
  };
  const said = {
    ...(skipped.length > 0 && { skipped }),
    ...(update.unpaid && departs(state, update) && { unpaid: true }),
  };
  const step = { status: to, at: ctx.now, note, source: 'staff' as const, ...said };
  return withStep(next, step, ctx);
}

/** Whether the parcel leaves the shop by this update. */
export function departs(state: ShipmentState, update: StatusUpdate): boolean {
  const gone = (status: ShipmentStatus) => shipmentProgress(status) >= shipmentProgress('shipped');
  return !gone(state.status) && gone(shipmentStatusOf(update.status));
}

/** What is still owed of the order of a shipment; null when nothing was paid and its total is not known. */
export function owedOf({ total }: ShipmentState, receivable: Receivable | undefined): Minor | null {
  const known = total ?? receivable?.total ?? null;
  if (known === null || !receivable) return known;
  return openAmount({ ...receivable, total: known, cancelled: false });
}

/** Cancels the shipment of an order that is to be cancelled; one that was handed to its carrier stays as it is. */
export function stopShipment(state: ShipmentState, cancellation: Cancellation, ctx: Ctx): Change<ShipmentState> {
  if (!NEXT[state.status].includes('cancelled')) return unchanged(state);
  const note = 'the order was cancelled';
  const stopped = { ...state, cancelled_for: cancellation };
  return withStep(stopped, { status: 'cancelled', at: ctx.now, note, source: 'platform' }, ctx);
}

/** How the order of a stopped shipment is to be cancelled; null for any other shipment. */
export function cancellationOf({ cancelled_for }: Pick<ShipmentState, 'cancelled_for'>): Cancellation | null {
  return cancelled_for === 'staff' ? null : cancelled_for;
}

/** When it was delivered, by the clock of who reported it; null when it was not. */
export function deliveredAt({ history }: Pick<ShipmentState, 'history'>): string | null {
  return history.find(({ status }) => status === 'delivered')?.at ?? null;
}

/** The effect of an update: a new status, an entry in the history alone, or neither when it came before. */
export interface CarrierOutcome {
  readonly change: Change<ShipmentState>;
  /** An entry for the history that changes no status. */
  readonly historyOnly?: ShipmentStep;
}

/** Further updates of one parcel that change no status are not stored. */
const MAX_STEPS = 200;

/**
 * Applies an update of a carrier. It changes the status only to one that is further, and may skip steps; any other
 * update is an entry in the history. So the same updates in any order, each once or often, end in the same status with
 * the same history. Throws INVALID when `at` is no time.
 */
export function carrierUpdate(state: ShipmentState, update: CarrierUpdate, ctx: Ctx): CarrierOutcome {
  const step = stepOf(update);
  const change = unchanged(state);
  if (state.history.some(({ update_id }) => update_id === step.update_id)) return { change };
  // Nothing follows a cancelled shipment.
  const further =
    state.status !== 'cancelled' &&
    step.at >= packedAgainAt(state) &&
    shipmentProgress(step.status) > shipmentProgress(state.status);
  if (further) return { change: withStep(state, step, ctx) };
  return state.history.length < MAX_STEPS ? { change, historyOnly: step } : { change };
}

/** When it was last packed again after it had failed: what happened before that concerns the attempt before. */
function packedAgainAt({ sent_again, history }: ShipmentState): string {
  if (sent_again === 0) return '';
  return history.findLast(({ status, source }) => status === 'packed' && source === 'staff')?.at ?? '';
}

function stepOf({ status: word, at, update_id, note }: CarrierUpdate): ShipmentStep {
  const time = new Date(at);
  const year = time.getUTCFullYear();
  if (!RFC_3339.test(at) || !(year >= 2000 && year < 2200)) {
    throw invalid('at is not a time', [{ pointer: '/at', detail: 'must be a time such as 2026-07-28T09:30:00Z' }]);
  }
  const status = CARRIER_WORDS[word];
  const carrierNote = word === status ? null : word.replaceAll('_', ' ');
  return { status, at: time.toISOString(), note: note || carrierNote, source: 'carrier', update_id };
}

const RFC_3339 = /^\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

function withStep(state: ShipmentState, step: ShipmentStep, ctx: Ctx): Change<ShipmentState> {
  const next = { ...state, status: step.status, history: [...state.history, step], updated_at: ctx.now };
  const { shipment_id, order_id, user_id, carrier, tracking_number, sent_again } = next;
  const data = { shipment_id, order_id, user_id, carrier, tracking_number, sent_again, ...reasonOf(next) };
  const change = { ...data, from: state.status, to: step.status, at: ctx.now };
  return { next, events: [deliveryEvents.statusChanged(shipment_id, change, aboutOrder(next))] };
}

function reasonOf({ cancelled_for }: ShipmentState) {
  if (cancelled_for === null) return {};
  if (cancelled_for === 'staff') return { reason: 'staff' as const };
  return { reason: 'order_cancelled' as const, cancellation: cancelled_for };
}

const aboutOrder = ({ order_id }: { order_id: number }): string => `order/${order_id}`;

/** The status by its one spelling. */
export function shipmentStatusOf(status: ShipmentStatusInput): ShipmentStatus {
  return status === 'canceled' ? 'cancelled' : status;
}

/** When a parcel was handed to its carrier or made ready for it. */
export function bookedAt(state: ShipmentState): string {
  return state.history.find(({ status }) => status !== 'pending')?.at ?? state.created_at;
}

/** The history by the times of its sources; of one time by progress. */
export function chronological(history: readonly ShipmentStep[]): ShipmentStep[] {
  const sortKey = ({ at, status, update_id = '' }: ShipmentStep): string =>
    `${at} ${shipmentProgress(status)} ${update_id}`;
  return history.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
}
