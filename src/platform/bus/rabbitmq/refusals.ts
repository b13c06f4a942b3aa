import type { Envelope } from '../../contract/events.ts';
import { type Meaning, subjectOf } from '../publishing/refusal.ts';

/** The name of an error in AMQP, or of the client. */
export const codeOf = (error: unknown): unknown => (error as { code?: unknown } | undefined)?.code;

/** What an alarm of the broker means for who looks after it. */
export const alarmText = (reason: string | undefined): string =>
  `RabbitMQ takes no events: an alarm is on (${reason || 'memory or disk'}); make room there`;

/** A queue that is full, or that could not keep it: the event may go later. */
export const isNack = (error: unknown): boolean => codeOf(error) === 'NACK';

/** What an error of the publisher means; `alarm` is the sentence of the alarm that is on. */
export function classifyAmqpError(error: unknown, alarm: string | undefined): Meaning {
  if (isNack(error)) return { fault: 'event', sentence: 'a queue of RabbitMQ takes no events now; it may be full' };
  // Closes the channel: on this one nothing is asked but that a message be taken, so the message is at fault.
  if (codeOf(error) === 'PRECONDITION_FAILED')
    return { fault: 'event', sentence: 'RabbitMQ refuses an event as too large' };
  if (codeOf(error) === 'ACCESS_REFUSED')
    return { fault: 'bus', sentence: 'RabbitMQ does not let the account publish; give it that right' };
  return { fault: 'bus', sentence: alarm ?? 'RabbitMQ takes no events now' };
}

/** In each round at most one event of a subject: none is sent before the broker has taken the one before it. */
export function roundsOf(events: readonly Envelope[]): Envelope[][] {
  const rounds: Envelope[][] = [];
  const counts = new Map<string, number>();
  for (const event of events) {
    const subject = subjectOf(event);
    const round = counts.get(subject) ?? 0;
    counts.set(subject, round + 1);
    rounds[round] ??= [];
    rounds[round].push(event);
  }
  return rounds;
}
