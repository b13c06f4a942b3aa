import type { Envelope } from '../contract/events.ts';
import type { Payload } from './consumers/payload.ts';
import type { Refusal } from './publishing/refusal.ts';

/**
 * The way of events between services. Whichever bus runs, it promises the same (`bus.all.test.ts` says it in sentences):
 * at least once, in order per subject, nothing lost over a restart of broker or process. Nothing outside this
 * folder knows which one it is.
 */
export interface Bus {
  /**
   * Appends events in the given order; those of one subject stay in it. Resolves when the bus keeps safely what it
   * took, with a list of what it did not take; an event that is refused but for good is followed by none of its
   * subject. Rejects, within seconds, when it is not known to keep any of them.
   */
  publish(events: readonly Envelope[]): Promise<readonly Refusal[]>;
  /** Begins to deliver to a group; a new one begins with the oldest event that the bus still has. */
  subscribe(subscription: Subscription): Promise<ActiveSubscription>;
  /**
   * Sends a JSON value of at most `MAX_BROADCAST_BYTES` to every process that listens to a channel now: a hint that
   * saves them a wait, never the only way to learn something. Send it when what it speaks of is committed: after `save`
   * has resolved, or from a consumer. Rejects when it is not known to be sent; it may be lost all the same.
   */
  broadcast(channel: string, message: unknown): Promise<void>;
  /** Listens to a channel from now on; resolves when it does, or when the broker is away. */
  onBroadcast(channel: string, listener: BroadcastListener): Promise<ActiveSubscription>;
  /** Forgets what is older than so many days and was handled by all; absent where the broker does that by itself. */
  forget?(days: number): Promise<number>;
  /** Throws when the broker does not answer; `Degraded`, with a public sentence, when it answers and takes no events. */
  ping(): Promise<void>;
  /** Ends every delivery, then the connections. */
  close(): Promise<void>;
}

/** Who listens. Processes that subscribe with the same group share its events; each subject is with one of them at a time. */
export interface Subscription {
  /** The service that listens: `order`. Drivers put GROUP_PREFIX before it. */
  readonly group: string;
  /** What it wants, by the service that announces it. Anything else is passed over. */
  readonly filters: readonly EventFilter[];
  /**
   * Called with one event of a subject at a time, with different subjects side by side. Resolves when the event may be
   * acknowledged; only then may the bus forget it. Rejects when it is to be delivered again.
   * `payload` is that of the event, where the bus has read it already, and perhaps for others too.
   */
  handle(event: Envelope, payload?: Payload): Promise<void>;
  /**
   * Whether an event that is wanted by its type concerns this group now; absent: all of them do. What does not is not
   * handled. Called once an event is committed, out of the order of subjects.
   */
  concerns?(event: Envelope): boolean;
  /** Called with what came under a wanted topic and is no event. Resolves when it is put aside; the bus then forgets it. */
  unreadable(raw: string | Buffer, reason: string): Promise<void>;
  /** Called when the bus has lost events that this group was to get. */
  lost(loss: Loss): void;
}

/** What a process does with the broadcasts of a channel. What it throws is logged. */
export interface BroadcastListener {
  handle(message: unknown): void;
  /** Messages may have been lost, of this channel or another: read anew what is kept. */
  onGap(): void;
}

/** Events that a group was to get and that the bus has lost before. */
export interface Loss {
  /** Where they were: a topic, or a queue. */
  readonly topic: string;
  /** Which part of it: `partition 3`. */
  readonly place: string;
  /** How many at most; undefined where the bus cannot know. */
  readonly count?: number;
  /** What happened, as a sentence. */
  readonly reason: string;
}

export interface EventFilter {
  /** The announcing service: `delivery`. */
  readonly source: string;
  /** Where its events are: `shipments`. */
  readonly topic: string;
  readonly types: ReadonlySet<string>;
}

export interface ActiveSubscription {
  /** Takes no more events; resolves when those in flight are handled, or left to be delivered again. */
  close(): Promise<void>;
}

/** The largest message of a broadcast, in bytes of its JSON. */
export const MAX_BROADCAST_BYTES = 100_000;

/** How many events of one group are in flight at once in a process: the back-pressure. */
export const MAX_IN_FLIGHT = 512;
