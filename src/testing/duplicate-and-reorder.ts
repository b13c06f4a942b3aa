import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus } from '../platform/bus/bus.ts';
import type { Envelope } from '../platform/contract/events.ts';

/** The longest that an event is held up, in milliseconds: enough for others to overtake it. */
const LONGEST_MS = 15;

/**
 * Makes a bus deliver as badly as its promises allow: subjects overtake each other, and every event comes twice, the
 * second time after later ones of its subject.
 */
export function duplicateAndReorder(bus: Bus): Bus {
  return {
    ...bus,
    async subscribe(subscription) {
      const second = new Set<Promise<void>>();
      const held = async (event: Envelope): Promise<void> => {
        await sleep(Math.random() * LONGEST_MS);
        await subscription.handle(event);
      };
      const delivery = await bus.subscribe({
        ...subscription,
        async handle(event) {
          await held(event);
          const again: Promise<void> = held(event)
            .catch(() => undefined)
            .finally(() => second.delete(again));
          second.add(again);
        },
      });
      return {
        async close() {
          await delivery.close();
          await Promise.all(second);
        },
      };
    },
  };
}
