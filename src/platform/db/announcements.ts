import { randomBytes } from 'node:crypto';
import { v7 as uuid } from 'uuid';
import { codecOf } from '../contract/codec.ts';
import type { Contract, Ctx, EventOf } from '../contract/contract.ts';
import { common } from '../contract/errors.ts';
import { actorText } from '../contract/events.ts';

/** An event as it is kept beside the state that announces it, until the relay has brought it to the bus. */
export interface Announcement {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  /** The payload as it goes out. */
  readonly data: unknown;
  readonly time: string;
  readonly trace: string;
  readonly correlation: string;
  readonly causation: string | undefined;
  readonly actor: string;
  readonly about: string | undefined;
}

/**
 * So many bytes of JSON an event may have, in UTF-8. Kafka takes 1,048,588 with headers and what it adds; RabbitMQ and
 * Redis take more. PostgreSQL may write a payload with more spaces than we do, so some room is left for those.
 */
export const MOST_EVENT_BYTES = 900_000;

/**
 * Puts the events of a change into their envelopes. Throws for one that the contract does not describe, and
 * EVENT_TOO_LARGE for one that no bus would take: it must not be kept, because it could never be published.
 */
export function announcementsOf(contract: Contract, ctx: Ctx, events: readonly EventOf[]): Announcement[] {
  return events.map((event) => ({
    id: eventId(),
    type: event.type,
    subject: event.subject,
    data: bounded(event.type, encodeEvent(contract, event)),
    time: ctx.now,
    trace: ctx.trace,
    correlation: ctx.requestId,
    causation: ctx.cause?.eventId,
    actor: actorText(ctx.actor),
    about: event.about,
  }));
}

function bounded(type: string, data: unknown): unknown {
  // Written out only when it may be too large: as a rule it is far from it.
  if (mostBytes(data) <= MOST_EVENT_BYTES) return data;
  const bytes = Buffer.byteLength(JSON.stringify(data));
  if (bytes > MOST_EVENT_BYTES) throw common.EVENT_TOO_LARGE({ type, bytes, most: MOST_EVENT_BYTES });
  return data;
}

/** The most that a character takes in JSON: a control character is written as \u0001. */
const CHARACTER_BYTES = 6;
/** The most that anything else takes. */
const OTHER_BYTES = 32;

/** More bytes than a value can take as JSON. */
function mostBytes(value: unknown): number {
  if (typeof value === 'string') return value.length * CHARACTER_BYTES + 4;
  if (typeof value !== 'object' || value === null) return OTHER_BYTES;
  let sum = OTHER_BYTES;
  if (Array.isArray(value)) for (const one of value) sum += mostBytes(one);
  else
    for (const name in value) sum += name.length * CHARACTER_BYTES + 4 + mostBytes(value[name as keyof typeof value]);
  return sum;
}

// Random bytes are drawn for many ids at once: drawing them one by one cost more than the rest of an event.
const POOLED_IDS = 256;
let pool = Buffer.alloc(0);

function eventId(): string {
  if (pool.length < 16) pool = randomBytes(16 * POOLED_IDS);
  const random = pool.subarray(0, 16);
  pool = pool.subarray(16);
  return uuid({ random });
}

const schemasByContract = new WeakMap<Contract, Map<string, ReturnType<typeof codecOf>>>();

function encodeEvent(contract: Contract, event: EventOf): unknown {
  let codecs = schemasByContract.get(contract);
  if (!codecs) {
    codecs = new Map(Object.values(contract.events).map((one) => [one.type, codecOf(one.data)]));
    schemasByContract.set(contract, codecs);
  }
  const codec = codecs.get(event.type);
  if (!codec) throw new Error(`the contract of ${contract.name} does not describe the event ${event.type}`);
  return codec.encode(event.data);
}
