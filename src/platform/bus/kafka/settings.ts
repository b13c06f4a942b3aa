import type { BaseOptions } from '@platformatic/kafka';

/** What the binding of CloudEvents to Kafka puts before the name of an attribute. */
export const KAFKA_HEADER_PREFIX = 'ce_';

/** The topic of the broadcasts, before it is given another name. */
export const BROADCAST_TOPIC = 'broadcasts';

/** How every client of a bus reaches Kafka. */
export function connectionTo(brokers: readonly string[], prefix: string): BaseOptions {
  return {
    clientId: prefix,
    bootstrapBrokers: [...brokers],
    connectTimeout: 3_000,
    retries: 3,
    retryDelay: 300,
    // So soon partitions that were added are known, to who publishes too.
    metadataMaxAge: 10_000,
  };
}
