import { MultiErrorReply } from '@redis/client';
import type { Envelope } from '../../contract/events.ts';
import { type Meaning, refusalText } from '../publishing/refusal.ts';

/** What Redis says first when it refuses to write, and what that means for who looks after it. */
const SENTENCES: readonly (readonly [RegExp, string])[] = [
  [/\bOOM\b/, 'Redis takes no events: its memory is full; raise maxmemory or make room'],
  [/\bREADONLY\b/, 'Redis takes no events: it is a replica; set REDIS_URL to the primary'],
  [/\bMISCONF\b/, 'Redis takes no events: it cannot write to its disk; make room there'],
  [/\b(MOVED|ASK|CROSSSLOT|CLUSTERDOWN)\b/, 'Redis takes no events: it is a cluster; set REDIS_URL to a single server'],
  [/\bNOREPLICAS\b/, 'Redis takes no events: it has too few replicas'],
  [/\b(NOPERM|NOAUTH|WRONGPASS)\b/, 'Redis does not let the account write; give it that right'],
  [/\bLOADING\b/, 'Redis takes no events yet: it is loading its data'],
  [/\bWRONGTYPE\b/, 'a stream of the bus is something else in Redis'],
];

/** The sentence for a refusal to write; undefined when it is none. */
export function redisRefusalOf(error: unknown): string | undefined {
  const words = refusalText(error);
  return SENTENCES.find(([pattern]) => pattern.test(words))?.[1];
}

/** What an error of an append means. Redis finds no fault with one event alone: what it refuses is a place. */
export function classifyRedisError(error: unknown): Meaning {
  const sentence = redisRefusalOf(error) ?? 'Redis takes no events now';
  return { fault: error instanceof AggregateError ? 'topic' : 'bus', sentence };
}

/** What of a transaction is not kept: nothing, unless single commands failed at its end. */
export function leftOf(events: readonly Envelope[], error: unknown): readonly Envelope[] {
  if (!(error instanceof MultiErrorReply)) return events;
  return error.errorIndexes.flatMap((index) => events[index] ?? []);
}

/** The errors of single commands as such: the client hides them behind their number. */
export function redisErrorText(error: unknown): unknown {
  return error instanceof MultiErrorReply ? new AggregateError([...error.errors()], error.message) : error;
}
