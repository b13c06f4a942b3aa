import type { Envelope } from '../contract/events.ts';

/** An event that is committed and waits, with its place in the outbox of its service. */
export interface WaitingEvent extends Envelope {
  readonly position: number;
}

/** What a relay says when it asks for events of one service. */
export interface Asked {
  /** What was handed out before and is done with: it is forgotten. */
  readonly done: readonly WaitingEvent[];
  /** Subjects whose events are left out: they wait for something. */
  readonly held: readonly string[];
}

/** What waits in the outbox of a service. */
export interface WaitingEvents {
  readonly service: string;
  /** Up to a hundred thousand are counted. */
  readonly events: number;
  /** When the oldest of them was announced. */
  readonly since: string | undefined;
}

/** The outboxes of some services in one database, as the relay sees them. */
export interface Outboxes {
  /**
   * Forgets the events that are done with and answers those that wait, at most `limit` of each service, in the
   * order of each, in one statement.
   */
  next(asked: ReadonlyMap<string, Asked>, limit: number): Promise<WaitingEvent[]>;
  /** What waits, for each of the given services. */
  waiting(services: readonly string[]): Promise<WaitingEvents[]>;
  /** Tells relays in other processes that something waits. */
  wakeOthers(): Promise<void>;
}

/** Where committed events wait, and which process may bring them on. */
export interface EventSource {
  readonly outboxes: Outboxes;
  /** One process leads for each service, by a lock that ends with it. */
  readonly leading: LeaderLocks;
  /** Calls back after each save of this process. */
  onAnnounced(listener: () => void): void;
  /** Calls back when another process tells that something waits. */
  onNews(heard: () => void): Promise<void>;
  /** After the last batch. */
  close?(): Promise<void>;
}

/** Locks that a process keeps: who has one is the leader. */
export interface LeaderLocks {
  /** Those of the names that this process holds now; asks for what it does not have yet, without waiting. */
  claim(names: readonly string[]): Promise<ReadonlySet<string>>;
  holds(name: string): boolean;
  /** Gives a lock back. */
  yield(name: string): Promise<void>;
}
