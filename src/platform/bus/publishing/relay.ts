import { setTimeout as sleep } from 'node:timers/promises';
import type { EventSource } from '../../db/outbox.ts';
import { createWakeup } from '../wakeup.ts';
import { type OutboxPublisherOptions, outboxPublisher } from './outbox-publisher.ts';
import { NotTaken, refusalText } from './refusal.ts';

/**
 * The relay brings what is committed to the bus. Of the processes on one database one is the leader for a service,
 * by a lock that ends with it; the others stand by. It is woken after every save, here and from other processes,
 * and looks by itself every second, so that what a crash left behind is found. What the bus took is forgotten, what
 * it does not take now waits with its subject, and what it never takes is put aside.
 */
export interface Relay {
  /** One public sentence, while the bus does not take something. */
  trouble(): string | undefined;
  /** Stops after the batch on its way. */
  close(): Promise<void>;
}

interface RelayParts extends Omit<OutboxPublisherOptions, 'outboxes'> {
  readonly source: EventSource;
  /** Whose events wait there. */
  readonly services: readonly string[];
}

const SWEEP_MS = 1_000;
const REST_MS = 10;
const NOTIFY_MS = 2;
const LONGEST_PAUSE_MS = 5_000;

const lockOf = (service: string): string => `relay ${service}`;

/** Starts the relay of one database. */
export async function startRelay({ source, services, ...parts }: RelayParts): Promise<Relay> {
  const { outboxes, leading } = source;
  const publisher = outboxPublisher({ ...parts, outboxes });
  const notifyOthers = batchedNotifier(outboxes);
  const pace = pacer();
  const woken = createWakeup();
  const locks = services.map(lockOf);
  let closed = false;

  source.onAnnounced(() => {
    woken.notify();
    if (!locks.every(leading.holds)) notifyOthers();
  });
  await source.onNews(() => woken.notify());

  async function run(): Promise<void> {
    let pause = 0;
    while (!closed) {
      try {
        await claimSometimes();
        await drain(services.filter((service) => leading.holds(lockOf(service))));
        pause = 0;
        if (!closed) await woken.wait(Math.min(SWEEP_MS, publisher.nextIn()));
      } catch (error) {
        if (closed) return;
        // What the bus does not take the publisher has logged.
        const logged = error instanceof NotTaken || pause > 0;
        if (!logged) parts.log.warn({ reason: refusalText(error) }, 'the outbox cannot be read; the relay goes on');
        pause = Math.min(LONGEST_PAUSE_MS, pause * 2 || 100);
        await sleep(pause);
      }
    }
  }

  // A process that stands by is woken by every save of its own; to ask for the lock once a second is soon enough.
  let asked = Number.NEGATIVE_INFINITY;
  async function claimSometimes(): Promise<void> {
    if (performance.now() - asked < SWEEP_MS) return;
    asked = performance.now();
    await leading.claim(locks);
  }

  async function drain(led: readonly string[]): Promise<void> {
    do await pace();
    while (await publisher.publishNext(led, closed));
  }

  const running = run();
  return {
    trouble: publisher.trouble,
    async close() {
      closed = true;
      woken.notify();
      await running;
      await source.close?.().catch(() => undefined);
      await Promise.all(locks.map((lock) => leading.yield(lock).catch(() => undefined)));
    },
  };
}

// Notifications of several saves go together: one for each commit would make all commits of the database wait for each
// other.
function batchedNotifier({ wakeOthers }: EventSource['outboxes']): () => void {
  let pending = false;
  return () => {
    if (pending) return;
    pending = true;
    setTimeout(() => {
      pending = false;
      wakeOthers().catch(() => undefined);
    }, NOTIFY_MS);
  };
}

// Under load a short pause lets more go together; after a quiet moment the first goes at once.
function pacer(): () => Promise<void> {
  let last = Number.NEGATIVE_INFINITY;
  return async () => {
    const left = last + REST_MS - performance.now();
    if (left > 1) await sleep(left);
    last = performance.now();
  };
}
