import type { Envelope } from '../../contract/events.ts';
import type { WaitingEvent } from '../../db/outbox.ts';
import type { Log } from '../../observability/log.ts';
import type { HeldSubjects } from './held-subjects.ts';
import type { Refusal } from './refusal.ts';

export interface RefusedEventsOptions {
  readonly log: Log;
  /** What the log says of an event: on which bus, under which topic. */
  describe(event: Envelope): object;
  /** Puts an event that the bus never takes where a person sees it. Resolves when it lies there. */
  putAside(refusal: Refusal): Promise<void>;
}

/** What becomes of events that the bus refused. */
export interface RefusedEvents {
  /**
   * Holds back what may be taken later, and puts aside what never is. Answers the events of a batch that are done with:
   * taken, or put aside.
   */
  settle(batch: readonly WaitingEvent[], refused: readonly Refusal[]): Promise<WaitingEvent[]>;
  /** What the log says of a refusal. */
  logged(refusal: Refusal): object;
}

/** Makes one over the subjects that a publisher holds back. */
export function refusedEvents(held: HeldSubjects, { log, describe, putAside }: RefusedEventsOptions): RefusedEvents {
  const logged = ({ event, reason }: Refusal) => ({ reason, ...describe(event), ...factsOf(event) });

  async function isPutAside(refusal: Refusal): Promise<boolean> {
    try {
      await putAside(refusal);
      log.error(logged(refusal), 'the bus refuses an event for good; it lies with the dead letters');
      return true;
    } catch (error) {
      log.warn({ ...logged(refusal), err: error }, 'an event that the bus refuses could not be put aside yet');
      return false;
    }
  }

  function hold(refusal: Refusal): void {
    const { event, holds, sentence } = refusal;
    if (holds === 'bus') return;
    const first = held.hold(event.source, holds === 'topic' ? undefined : event.subject, sentence);
    if (first) log.warn(logged(refusal), `the bus refuses an event; its ${holds} waits, and the others go on`);
  }

  return {
    logged,
    async settle(batch, refused) {
      const left = new Set<string>();
      for (const refusal of refused) {
        if (refusal.forGood && (await isPutAside(refusal))) continue;
        left.add(refusal.event.id);
        hold(refusal);
      }
      const ids = new Set(refused.map(({ event }) => event.id));
      for (const { id, source, subject } of batch) if (!ids.has(id)) held.release(source, subject);
      return batch.filter(({ id }) => !left.has(id));
    },
  };
}

/** What the log says of an event itself. */
export const factsOf = ({ id, type, subject, data }: Envelope) => ({
  event: id,
  type,
  subject,
  size: Buffer.byteLength(data),
});
