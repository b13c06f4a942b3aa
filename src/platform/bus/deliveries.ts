import type { ActiveSubscription } from './bus.ts';

/** The subscriptions of a bus, which end with it. */
export interface Deliveries {
  /** Keeps one until it is closed. */
  add(subscription: ActiveSubscription): ActiveSubscription;
  close(): Promise<void>;
}

/** Makes an empty list. */
export function openDeliveries(): Deliveries {
  const open = new Set<ActiveSubscription>();
  return {
    add(subscription) {
      open.add(subscription);
      return {
        async close() {
          await subscription.close();
          open.delete(subscription);
        },
      };
    },
    async close() {
      await Promise.all([...open].map((subscription) => subscription.close()));
      open.clear();
    },
  };
}
