import type { Static, TSchema } from 'typebox';
import type { Actor, Ctx, EventType } from './contract.ts';

/**
 * An event on the bus: the attributes of CloudEvents 1.0, and the payload as JSON text, exactly as the contract
 * describes it (amounts are decimals).
 */
export interface Envelope {
  /** UUIDv7. An event that is delivered twice has the same id. */
  readonly id: string;
  /** The service that it comes from: `order`. */
  readonly source: string;
  readonly type: string;
  /** The id of what it is about; events of one subject arrive in their order. */
  readonly subject: string;
  /** RFC 3339 UTC. */
  readonly time: string;
  /** W3C traceparent. */
  readonly trace: string;
  /** The id of the request that started the chain of events. */
  readonly correlation: string;
  /** The id of the event whose handling caused this one. */
  readonly causation?: string;
  /** Who acted: see `actorText`. */
  readonly actor: string;
  /** What else it concerns, as `order/17`. */
  readonly about?: string;
  readonly data: string;
}

/** One line of a `*.consumers.ts`: data, from which the event catalogue is made too. `S` is the service that it calls. */
export interface Consumer<S = never> {
  /** With the service's name it is the key of the inbox, so it must never change: `follow_shipment`. */
  readonly name: string;
  readonly event: EventType;
  /** `data` is decoded: amounts are minor units. Resolves when the effect is committed. */
  readonly handle: (service: S, ctx: Ctx, data: unknown, envelope: Envelope) => Promise<unknown>;
  /**
   * Whether a committed event concerns the service now; absent: each one does. What does not is passed over, and nothing
   * else is spent on it.
   */
  readonly concerns?: (service: S, envelope: Envelope) => boolean;
}

/**
 * Consumes an event by calling the consumer's own service: one of its operations or of its internal actions. The context
 * of `handle` is the platform's own, with `cause` set, so that a save marks the event as handled in its commit and a
 * duplicate has no effect. A handler that throws is called again after a pause; after the last attempt the event becomes
 * a dead letter of the service.
 */
export function on<S, D extends TSchema>(
  event: EventType<string, D>,
  name: string,
  handle: (service: S, ctx: Ctx, data: Static<D>, envelope: Envelope) => Promise<unknown>,
): Consumer<S> {
  return { name, event, handle: handle as Consumer<S>['handle'] };
}

/** Who acted, as one word: `user/2/alice`, `anonymous` or `system`. */
export function actorText(actor: Actor): string {
  return actor.kind === 'user' ? `user/${actor.id}/${actor.username}` : actor.kind;
}

/** Parses the text of `actorText`. */
export function actorOf(text: string): { kind: Actor['kind']; id?: number; username?: string } {
  const [, id, username] = /^user\/(\d+)\/(.*)$/.exec(text) ?? [];
  if (id !== undefined) return { kind: 'user', id: Number(id), username };
  return { kind: text === 'anonymous' ? 'anonymous' : 'system' };
}
