import type { Envelope } from '../../contract/events.ts';
import type { Log } from '../../observability/log.ts';
import { toHeaders } from '../cloudevents.ts';
import { partitionOf } from '../partition.ts';
import { KEPT, type Refusal, type SendResult, sendParts } from '../publishing/refusal.ts';
import { BROKER_TIMEOUT_MS, withTimeout } from '../timeout.ts';
import { classifyRedisError, leftOf, redisErrorText } from './refusals.ts';
import { TRIM } from './scripts.ts';
import type { RedisClient } from './stream-client.ts';

interface PublisherOptions {
  readonly client: RedisClient;
  /** Before the name of every stream. */
  readonly prefix: string;
  /** Where the events of a service are: `orders` for `order`. */
  readonly topicOf: (source: string) => string;
  /** How long events are kept that every group is done with. */
  readonly keepMs: number;
  readonly log: Log;
}

const TRIM_EVERY_MS = 60_000;

/** Appends events to their streams, and removes old ones. */
export function redisPublisher({ client, prefix, topicOf, keepMs, log }: PublisherOptions) {
  const trimmedAt = new Map<string, number>();
  const streamOf = ({ source, subject }: Envelope): string => `${prefix}:${topicOf(source)}:${partitionOf(subject)}`;

  // All or none: what is published again must not stand behind its successor.
  async function append(events: readonly Envelope[]): Promise<SendResult> {
    const transaction = client.multi();
    for (const event of events) {
      const fields = Object.entries(toHeaders(event, '')).flat();
      transaction.addCommand(['XADD', streamOf(event), '*', ...fields, 'data', event.data]);
    }
    try {
      await withTimeout(BROKER_TIMEOUT_MS, 'Redis did not confirm the events in time.', transaction.exec());
      return KEPT;
    } catch (error) {
      return { left: leftOf(events, error), error: redisErrorText(error) };
    }
  }

  // By who publishes, so that streams that nobody reads are trimmed too.
  function trimSometimes(stream: string): void {
    if (performance.now() - (trimmedAt.get(stream) ?? Number.NEGATIVE_INFINITY) < TRIM_EVERY_MS) return;
    trimmedAt.set(stream, performance.now());
    client.eval(TRIM, { keys: [stream], arguments: [String(keepMs)] }).catch((error: Error) => {
      log.warn({ reason: error.message, stream }, 'old events could not be removed');
    });
  }

  return async (events: readonly Envelope[]): Promise<Refusal[]> => {
    if (events.length === 0) return [];
    const refused = await sendParts([events], append, classifyRedisError);
    for (const stream of new Set(events.map(streamOf))) trimSometimes(stream);
    return refused;
  };
}
