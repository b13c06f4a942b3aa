import { randomBytes } from 'node:crypto';
import { v7 as uuid } from 'uuid';
import { codecOf } from '../codec.ts';
import type { Contract, Ctx, EventOf } from '../contract.ts';
import { actorText } from '../events.ts';

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

/** Puts the events of a change into their envelopes. Throws for one that the contract does not describe. */
export function announcementsOf(contract: Contract, ctx: Ctx, events: readonly EventOf[]): Announcement[] {
  return events.map((event) => ({
    id: eventId(),
    type: event.type,
    subject: event.subject,
    data: encodeEvent(contract, event),
    time: ctx.now,
    trace: ctx.trace,
    correlation: ctx.requestId,
    causation: ctx.cause?.eventId,
    actor: actorText(ctx.actor),
    about: event.about,
  }));
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
