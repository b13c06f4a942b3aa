import { reach } from '../../app/failpoint.ts';
import type { Asked, Outboxes, WaitingEvent } from '../../db/outbox.ts';
import { countPublished } from '../../observability/metrics.ts';
import type { Bus } from '../bus.ts';
import { heldBack } from './held-subjects.ts';
import { NotTaken } from './refusal.ts';
import { factsOf, type RefusedEventsOptions, refusedEvents } from './refused-events.ts';

/** Brings one batch after the other from the outboxes to the bus. */
export interface OutboxPublisher {
  /**
   * Deletes what the bus took before from the outboxes, and publishes the next batch of the given services; with
   * `last` it only deletes. Answers whether there may be more. Throws `NotTaken` when the bus takes nothing.
   */
  publishNext(services: readonly string[], last: boolean): Promise<boolean>;
  /** In how many milliseconds something that was refused may be tried again. */
  nextIn(): number;
  /** One public sentence, while the bus does not take something. */
  trouble(): string | undefined;
}

export interface OutboxPublisherOptions extends RefusedEventsOptions {
  readonly outboxes: Outboxes;
  readonly bus: Bus;
}

const BATCH = 500;
const NONE: readonly WaitingEvent[] = [];
const NOT_TAKEN = 'the bus takes no events now; they wait in the outbox';

/** Makes one that has published nothing yet. */
export function outboxPublisher({ outboxes, bus, ...options }: OutboxPublisherOptions): OutboxPublisher {
  const { log, describe } = options;
  const held = heldBack();
  const refusals = refusedEvents(held, options);
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
      if (trouble === undefined) warnNotTaken(error, waiting);
      trouble = error instanceof NotTaken ? error.sentence : 'the bus takes no events now';
      throw error;
    });
    reach('relay.published');
    const ended = refused.length === 0 && !held.any() ? waiting : await refusals.settle(waiting, refused);
    countPublished(waiting.length - refused.length);
    for (const [service, events] of Map.groupBy(ended, ({ source }) => source)) done.set(service, events);
    const ofBus = refused.find(({ holds }) => holds === 'bus');
    if (ofBus && trouble === undefined) log.warn(refusals.logged(ofBus), NOT_TAKEN);
    trouble = ofBus?.sentence;
    if (refused.length > 0) await next([...done.keys()], 0);
    if (ofBus) throw new NotTaken(ofBus.reason, ofBus.sentence);
  }

  function warnNotTaken(error: unknown, waiting: readonly WaitingEvent[]): void {
    const [first] = waiting;
    const reason = error instanceof Error ? error.message : String(error);
    const which = first && { ...describe(first), ...factsOf(first) };
    log.warn({ reason, events: waiting.length, ...which }, NOT_TAKEN);
  }

  return {
    async publishNext(services, last) {
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
