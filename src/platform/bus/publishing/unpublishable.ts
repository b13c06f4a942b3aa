import type { DeadLetterStore } from '../../db/dead-letters.ts';
import { countRejectedEvents } from '../../observability/metrics.ts';
import type { Refusal } from './refusal.ts';

/** Who an event is put aside by that the bus never takes: it lies with the dead letters of who announced it. */
export const publisherOf = (service: string): string => `${service}.publish`;

/** Puts refused events with the dead letters of who announced them. One that lies there already stays one. */
export function unpublishableStore(
  deadLetters: ReadonlyMap<string, DeadLetterStore>,
): (refusal: Refusal) => Promise<void> {
  return async ({ event, reason }) => {
    const { id, source, type, subject, time, trace, correlation, causation, actor, about, data } = event;
    const envelope = { id, source, type, subject, time, trace, correlation, causation, actor, about, data };
    const failed_at = new Date().toISOString();
    const store = deadLetters.get(source);
    if (!store) throw new Error(`${source} has no dead letters here`);
    await store.put({ consumer: publisherOf(source), envelope, error: reason, attempts: 1, failed_at });
    countRejectedEvents(source);
  };
}
