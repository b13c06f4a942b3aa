import { type Change, type Ctx, unchanged, type Versioned } from '../../../platform/contract/contract.ts';
import { type Endpoint, type WebhookType, webhookErrors, webhookEvents } from './webhook.contract.ts';

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
export interface Due {
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
export interface Attempted {
  readonly at: string;
  readonly status: number | null;
  readonly error: string | null;
  readonly ms: number;
}

export const MAX_ENDPOINTS = 20;
const DAY_MS = 86_400_000;
/** How long an endpoint may fail without a break before nothing is sent to it any more. */
const DISABLED_AFTER_MS = 5 * DAY_MS;

/** A new endpoint. Throws WEBHOOK_NOT_FOR_YOU. */
export function createEndpoint(
  wanted: {
    endpoint_id: number;
    user_id: number;
    url: string;
    types: WebhookType[];
    everyone: boolean;
    secret: string;
  },
  isStaff: boolean,
  ctx: Ctx,
): Change<EndpointState> {
  if (wanted.everyone && !isStaff) throw webhookErrors.NOT_FOR_YOU();
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
  if (state.everyone && !isStaff) throw webhookErrors.NOT_FOR_YOU();
  return changed({ ...state, status: 'active', disabled_reason: null }, 'enabled', ctx);
}

/** Nothing of its secrets is kept. */
export function remove(state: EndpointState, ctx: Ctx): Change<EndpointState> {
  if (state.status === 'deleted') return unchanged(state);
  return changed({ ...state, status: 'deleted', secret: '', previous_secret: null }, 'deleted', ctx);
}

function changed(
  next: EndpointState,
  change: 'created' | 'rotated' | 'disabled' | 'enabled' | 'deleted',
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
  { tries }: Pick<Due, 'tries'>,
  { at, status }: Attempted,
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
export function reasonToDisable({ failing_since }: EndpointState, { at, status }: Attempted): string | undefined {
  if (status === GONE) return 'it answered 410: it is gone';
  const failing = failing_since !== null && Date.parse(at) - Date.parse(failing_since) > DISABLED_AFTER_MS;
  return failing && !(status !== null && status < 300) ? `nothing has got through since ${failing_since}` : undefined;
}

/** What the world sees of an endpoint. */
export function publicEndpoint(state: EndpointState): Endpoint {
  const { endpoint_id, user_id, url, types, everyone, status, disabled_reason, created_at } = state;
  return { endpoint_id, user_id, url, types, everyone, status, disabled_reason, created_at };
}
