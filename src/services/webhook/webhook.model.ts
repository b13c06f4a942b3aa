import { type Change, type Ctx, unchanged, type Versioned } from '../../platform/contract/contract.ts';
import type { Endpoint } from './webhook.contract.ts';
import { webhookErrors } from './webhook.errors.contract.ts';
import { STAFF_TYPES, webhookEvents } from './webhook.events.contract.ts';

/** An endpoint as it is kept. */
export interface EndpointState extends Endpoint, Versioned {
  readonly secret: string;
  /** Signed with as well until `previous_until`. */
  readonly previous_secret: string | null;
  readonly previous_until: string | null;
  /** Since when no message got through; kept by the attempts. */
  readonly failing_since: string | null;
}

/** A message on its way to an endpoint. */
export interface DueDelivery {
  readonly delivery_id: number;
  readonly message_id: string;
  readonly type: string;
  readonly time: string;
  /** The payload as JSON text, as the event has it. */
  readonly data: string;
  /** Attempts of this round; a resend begins another. */
  readonly tries: number;
  readonly endpoint: EndpointState;
}

/** What came of one attempt. */
export interface Attempt {
  readonly at: string;
  readonly status: number | null;
  readonly error: string | null;
  readonly ms: number;
}

export const MAX_ENDPOINTS = 20;
const DAY_MS = 86_400_000;
/** How long an endpoint may fail without a break before nothing is sent to it any more. */
const DISABLED_AFTER_MS = 5 * DAY_MS;

/** What its owner says of an endpoint. */
interface Wanted {
  readonly url: string;
  readonly types: string[];
  readonly everyone: boolean;
}

/** Whether an endpoint is told of what only staff may know. */
export const isForStaff = ({ everyone, types }: Pick<Wanted, 'everyone' | 'types'>): boolean =>
  everyone || types.some((type) => STAFF_TYPES.includes(type));

/** Throws WEBHOOK_NOT_FOR_YOU or WEBHOOK_TYPE_NOT_FOR_YOU. */
function mustBeAllowed(wanted: Pick<Wanted, 'everyone' | 'types'>, isStaff: boolean): void {
  if (isStaff || !isForStaff(wanted)) return;
  if (wanted.everyone) throw webhookErrors.NOT_FOR_YOU();
  throw webhookErrors.TYPE_NOT_FOR_YOU({ types: wanted.types.filter((type) => STAFF_TYPES.includes(type)) });
}

/** A new endpoint. Throws WEBHOOK_NOT_FOR_YOU or WEBHOOK_TYPE_NOT_FOR_YOU. */
export function createEndpoint(
  wanted: Wanted & { endpoint_id: number; user_id: number; secret: string },
  isStaff: boolean,
  ctx: Ctx,
): Change<EndpointState> {
  mustBeAllowed(wanted, isStaff);
  const next: EndpointState = {
    ...wanted,
    status: 'active',
    disabled_reason: null,
    created_at: ctx.now,
    previous_secret: null,
    previous_until: null,
    failing_since: null,
    version: 0,
  };
  return changed(next, 'created', ctx);
}

/** Another address, other types. Throws WEBHOOK_NOT_FOR_YOU or WEBHOOK_TYPE_NOT_FOR_YOU. */
export function updateEndpoint(
  state: EndpointState,
  wanted: Wanted,
  isStaff: boolean,
  ctx: Ctx,
): Change<EndpointState> {
  mustBeAllowed(wanted, isStaff);
  const { url, types, everyone } = wanted;
  return changed({ ...state, url, types, everyone }, 'updated', ctx);
}

/** A new secret; the old one is signed with for another day. */
export function rotate(state: EndpointState, secret: string, ctx: Ctx): Change<EndpointState> {
  const previous_until = new Date(Date.parse(ctx.now) + DAY_MS).toISOString();
  return changed({ ...state, secret, previous_secret: state.secret, previous_until }, 'rotated', ctx);
}

export function disable(state: EndpointState, reason: string, ctx: Ctx): Change<EndpointState> {
  if (state.status !== 'active') return unchanged(state);
  return changed({ ...state, status: 'disabled', disabled_reason: reason }, 'disabled', ctx);
}

export function enable(state: EndpointState, isStaff: boolean, ctx: Ctx): Change<EndpointState> {
  if (state.status !== 'disabled') return unchanged(state);
  mustBeAllowed(state, isStaff);
  return changed({ ...state, status: 'active', disabled_reason: null }, 'enabled', ctx);
}

/** Nothing of its secrets is kept. */
export function remove(state: EndpointState, ctx: Ctx): Change<EndpointState> {
  if (state.status === 'deleted') return unchanged(state);
  return changed({ ...state, status: 'deleted', secret: '', previous_secret: null }, 'deleted', ctx);
}

function changed(
  next: EndpointState,
  change: 'created' | 'updated' | 'rotated' | 'disabled' | 'enabled' | 'deleted',
  ctx: Ctx,
): Change<EndpointState> {
  const { endpoint_id, user_id, disabled_reason: reason } = next;
  return {
    next,
    events: [webhookEvents.endpointChanged(endpoint_id, { endpoint_id, user_id, change, reason, at: ctx.now })],
  };
}

/** The secrets that a message is signed with now. */
export function secretsOf({ secret, previous_secret, previous_until }: EndpointState, now: string): string[] {
  const old = previous_secret !== null && previous_until !== null && previous_until > now ? [previous_secret] : [];
  return [secret, ...old];
}

const [SECOND, MINUTE, HOUR] = [1_000, 60_000, 3_600_000];
/** The pauses after each attempt that failed, as the Standard Webhooks have them: over three days in all. */
const PAUSES_MS = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR];
/** These say that there is too much to do: their pause is at least this long. */
const BUSY = [429, 502, 504];
const BUSY_PAUSE_MS = MINUTE;

/** What follows from an attempt: when the next one is, or undefined when it is over. */
export function outcomeOf(
  { tries }: Pick<DueDelivery, 'tries'>,
  { at, status }: Attempt,
  random: number,
): { status: 'delivered' | 'failed' } | { status: 'waiting'; next_at: string } {
  if (status !== null && status >= 200 && status < 300) return { status: 'delivered' };
  const pause = PAUSES_MS[tries];
  if (status === GONE || pause === undefined) return { status: 'failed' };
  const least = status !== null && BUSY.includes(status) ? Math.max(pause, BUSY_PAUSE_MS) : pause;
  // Up to a tenth more, so that what failed together does not come again together.
  return { status: 'waiting', next_at: new Date(Date.parse(at) + Math.round(least * (1 + random / 10))).toISOString() };
}

const GONE = 410;

/** Why an endpoint is told nothing more after this attempt; undefined when it is. */
export function reasonToDisable({ failing_since }: EndpointState, { at, status }: Attempt): string | undefined {
  if (status === GONE) return 'it answered 410: it is gone';
  const failing = failing_since !== null && Date.parse(at) - Date.parse(failing_since) > DISABLED_AFTER_MS;
  return failing && !(status !== null && status < 300) ? `nothing has got through since ${failing_since}` : undefined;
}

/** What the world sees of an endpoint. */
export function publicEndpoint(state: EndpointState): Endpoint {
  const { endpoint_id, user_id, url, types, everyone, status, disabled_reason, created_at } = state;
  return { endpoint_id, user_id, url, types, everyone, status, disabled_reason, created_at };
}
