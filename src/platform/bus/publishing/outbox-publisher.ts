import { reach } from '../../app/failpoint.ts';
import type { Envelope } from '../../contract/events.ts';
import type { Asked, Outboxes, WaitingEvent } from '../../db/postgres/store/outbox.ts';
import type { Log } from '../../observability/log.ts';
import { countPublished } from '../../observability/metrics.ts';
import type { Bus } from '../bus.ts';
import { heldBack } from './held-subjects.ts';
import { NotTaken, type Refusal } from './refusal.ts';

/** Brings one batch after the other from the outboxes to the bus. */
export interface OutboxPublisher {
  /**
   * Forgets what the bus took before, and brings on what waits of the given services: with `last` nothing more.
   * Answers whether there may be more. Throws `NotTaken` when the bus takes nothing.
   */
  carry(services: readonly string[], last: boolean): Promise<boolean>;
  /** In how many milliseconds something that was refused may be tried again. */
  nextIn(): number;
  /** One public sentence, while the bus does not take something. */
  trouble(): string | undefined;
}

export interface OutboxPublisherOptions {
  readonly outboxes: Outboxes;
  readonly bus: Bus;
  readonly log: Log;
  /** What the log says of an event: on which bus, under which topic. */
  describe(event: Envelope): object;
  /** Puts an event that the bus never takes where a person sees it. Resolves when it lies there. */
  putAside(refusal: Refusal): Promise<void>;
}

const BATCH = 500;
const NONE: readonly WaitingEvent[] = [];

/** Makes a carrier that has brought nothing yet. */
export function outboxPublisher({ outboxes, bus, log, describe, putAside }: OutboxPublisherOptions): OutboxPublisher {
  const held = heldBack();
  // Kept until the outbox has forgotten them: a database that is away in between must not bring them back.
  const done = new Map<string, readonly WaitingEvent[]>();
  let trouble: string | undefined;

  async function next(services: readonly string[], limit: number): Promise<WaitingEvent[]> {
    if (services.length === 0) return [];
    const asked = services.map((one): [string, Asked] => [
      one,
      { done: done.get(one) ?? NONE, held: held.subjects(one) },
    ]);
    const waiting = await outboxes.next(new Map(asked), limit);
    for (const service of services) done.delete(service);
    return waiting;
  }

  async function publish(waiting: readonly WaitingEvent[]): Promise<void> {
    reach('relay.publish');
    const refused = await bus.publish(waiting).catch((error: unknown) => {
      if (trouble === undefined) sayNotTaken(error, waiting);
      trouble = error instanceof NotTaken ? error.sentence : 'the bus takes no events now';
      throw error;
    });
    reach('relay.published');
    const ended = refused.length === 0 && !held.any() ? waiting : await without(refused, waiting);
    countPublished(waiting.length - refused.length);
    for (const [service, events] of Map.groupBy(ended, ({ source }) => source)) done.set(service, events);
    const ofBus = refused.find(({ holds }) => holds === 'bus');
    trouble = ofBus?.sentence;
    if (refused.length > 0) await next([...done.keys()], 0);
    if (ofBus) throw new NotTaken(ofBus.reason, ofBus.sentence);
  }

  // Everything that is done with: what the bus took, and what was put aside.
  async function without(refused: readonly Refusal[], waiting: readonly WaitingEvent[]): Promise<WaitingEvent[]> {
    const left = new Set<string>();
    for (const refusal of refused) {
      if (refusal.forGood && (await laidAside(refusal))) continue;
      left.add(refusal.event.id);
      hold(refusal);
    }
    const gone = new Set(refused.map(({ event }) => event.id));
    const took = waiting.filter(({ id }) => !gone.has(id));
    for (const { source, subject } of took) held.release(source, subject);
    return waiting.filter(({ id }) => !left.has(id));
  }

  async function laidAside(refusal: Refusal): Promise<boolean> {
    try {
      await putAside(refusal);
      log.error(about(refusal), 'the bus refuses an event for good; it lies with the dead letters');
      return true;
    } catch (error) {
      log.warn({ ...about(refusal), err: error }, 'an event that the bus refuses could not be put aside yet');
      return false;
    }
  }

  function hold(refusal: Refusal): void {
    const { event, holds, sentence } = refusal;
    if (holds === 'bus') {
      if (trouble === undefined) log.warn(about(refusal), 'the bus takes no events now; they wait in the outbox');
      trouble = sentence;
      return;
    }
    const first = held.hold(event.source, holds === 'topic' ? undefined : event.subject, sentence);
    if (first) log.warn(about(refusal), `the bus refuses an event; its ${holds} waits, and the others go on`);
  }

  const about = ({ event, reason }: Refusal) => ({ reason, ...describe(event), ...facts(event) });

  function sayNotTaken(error: unknown, waiting: readonly WaitingEvent[]): void {
    const [first] = waiting;
    const reason = error instanceof Error ? error.message : String(error);
    const which = first && { ...describe(first), ...facts(first) };
    log.warn({ reason, events: waiting.length, ...which }, 'the bus takes no events now; they wait in the outbox');
  }

  return {
    async carry(services, last) {
      const open = services.filter((service) => last || !held.isHeld(service));
      const waiting = await next(open, last ? 0 : BATCH);
      if (waiting.length === 0) return false;
      await publish(waiting);
      return true;
    },
    nextIn: held.nextIn,
    trouble: () => trouble ?? held.sentence(),
  };
}

const facts = ({ id, type, subject, data }: Envelope) => ({
  event: id,
  type,
  subject,
  size: Buffer.byteLength(data),
});
