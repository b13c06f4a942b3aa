import type { Page } from '../contract/contract.ts';
import type { Envelope } from '../contract/events.ts';

/** An event that a consumer gave up. */
export interface DeadLetter {
  readonly id: number;
  readonly consumer: string;
  readonly envelope: Envelope;
  /** What the last attempt said. */
  readonly error: string;
  readonly attempts: number;
  readonly failed_at: string;
}

/** The dead letters of one service. */
export interface DeadLetterStore {
  /**
   * Puts one aside, in a form that the store takes whatever came from outside; one that lies there already gets the
   * new error.
   */
  put(letter: Omit<DeadLetter, 'id'>): Promise<void>;
  find(id: number): Promise<DeadLetter | undefined>;
  /** Oldest first. */
  list(limit: number, cursor: string | undefined): Promise<Page<DeadLetter>>;
  remove(id: number): Promise<boolean>;
  /** Whether any of this consumer lies here. */
  holds(consumer: string): Promise<boolean>;
  /** How many lie here. */
  count(): Promise<number>;
}
