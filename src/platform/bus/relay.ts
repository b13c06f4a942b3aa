import { setTimeout as sleep } from 'node:timers/promises';
import type { EventSource, WaitingEvent } from '../db/outbox.ts';
import { reach } from '../failpoint.ts';
import type { Log } from '../log.ts';
import { countPublished } from '../metrics.ts';
import type { Bus } from './bus.ts';
import { signal } from './signal.ts';

/**
 * The relay brings what is committed to the bus. Of the processes on one database one is the leader for a service,
 * by a lock that ends with it; the others stand by. It is woken after every save, here and from other processes,
 * and looks by itself every second, so that what a crash left behind is found.
 */
export interface Relay {
  /** Stops after the batch on its way. */
  close(): Promise<void>;
}

interface RelayParts {
  readonly source: EventSource;
  /** Whose events wait there. */
  readonly services: readonly string[];
  readonly bus: Bus;
  readonly log: Log;
}

const SWEEP_MS = 1_000;
const BATCH = 500;
const REST_MS = 10;
const LONGEST_PAUSE_MS = 5_000;

const lockOf = (service: string): string => `relay ${service}`;

/** Starts the relay of one database. */
export async function startRelay({ source, services, bus, log }: RelayParts): Promise<Relay> {
  const { outboxes, leading } = source;
  const woken = signal();
  const locks = services.map(lockOf);
  let closed = false;

  source.onAnnounced(() => {
    woken.give();
    if (!locks.every(leading.holds)) tellOthers();
  });
  await source.onNews(() => woken.give());

  let telling = false;
  function tellOthers(): void {
    if (telling) return;
    telling = true;
    // Told together: a notification a commit would make all commits of the database wait for each other.
    setTimeout(() => {
      telling = false;
      outboxes.wakeOthers().catch(() => undefined);
    }, 2);
  }

  async function run(): Promise<void> {
    let pause = 0;
    while (!closed) {
      try {
        await claimSometimes();
        await drain(services.filter((service) => leading.holds(lockOf(service))));
        pause = 0;
        if (!closed) await woken.wait(SWEEP_MS);
      } catch (error) {
        if (closed) return;
        if (pause === 0) log.warn({ reason: (error as Error).message }, 'events wait in the outbox; the relay goes on');
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
    if (led.length === 0) return;
    let published = new Map<string, number[]>();
    do {
      await rest();
      const waiting = await outboxes.next(led, published, BATCH);
      published = new Map();
      if (waiting.length === 0) return;
      await publish(waiting);
      published = placesOf(waiting);
    } while (!closed || published.size > 0);
  }

  // Under load a little patience lets more go together; after a quiet moment the first goes at once.
  let last = Number.NEGATIVE_INFINITY;
  async function rest(): Promise<void> {
    const left = last + REST_MS - performance.now();
    if (left > 1) await sleep(left);
    last = performance.now();
  }

  async function publish(waiting: readonly WaitingEvent[]): Promise<void> {
    reach('relay.publish');
    await bus.publish(waiting);
    reach('relay.published');
    countPublished(waiting.length);
  }

  const running = run();
  return {
    async close() {
      closed = true;
      woken.give();
      await running;
      await source.close?.().catch(() => undefined);
      await Promise.all(locks.map((lock) => leading.yield(lock).catch(() => undefined)));
    },
  };
}

function placesOf(waiting: readonly WaitingEvent[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  for (const { source, position } of waiting) {
    const known = places.get(source);
    if (known) known.push(position);
    else places.set(source, [position]);
  }
  return places;
}
