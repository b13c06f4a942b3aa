import { randomUUID } from 'node:crypto';
import type { Log } from '../../observability/log.ts';
import type { ActiveSubscription, Subscription } from '../bus.ts';
import { receiver } from '../receiver.ts';
import { readStreams } from './group-reader.ts';
import { holdLeases } from './leases.ts';
import { openPartition } from './partition.ts';
import type { StreamClient } from './stream-client.ts';

interface GroupParts {
  readonly streamClient: StreamClient;
  readonly prefix: string;
  readonly subscription: Subscription;
  readonly log: Log;
}

/**
 * One process as a member of a group. Each partition of the topics is read by one member at a time, the holder of its
 * lease (`leases.ts`), and the members share the partitions evenly. All members read under one consumer name: entries
 * that a member read and did not acknowledge are read again by the next holder of the lease, before new ones.
 */
export function joinGroup({ streamClient, prefix, subscription, log }: GroupParts): ActiveSubscription {
  const { group, lost } = subscription;
  const token = randomUUID();
  const topics = [...new Set(subscription.filters.map(({ topic }) => topic))];
  const work = receiver(subscription, '');
  const closing = new AbortController();
  const shared = { streamClient, token, closing: closing.signal };
  const leases = holdLeases({
    ...shared,
    key: `${prefix}:readers/${group}`,
    onTrouble: warnOnce('Redis does not renew the leases of a group'),
    open: (n, validUntil) => openPartition(n, topics, prefix, { streamClient, work, group, lost, validUntil }),
  });
  const reading = readStreams({
    ...shared,
    group,
    leases,
    keys: (n) => topics.map((topic) => `${prefix}:${topic}:${n}`),
    lost,
    onTrouble: warnOnce('Redis cannot be read'),
  });

  /** Logs the first of several failures in a row; `undefined` says that Redis answered. */
  function warnOnce(message: string): (error: unknown) => void {
    let warned = false;
    return (error) => {
      if (error !== undefined && !warned && !closing.signal.aborted)
        log.warn({ reason: (error as Error).message, group }, message);
      warned = error !== undefined;
    };
  }

  return {
    async close() {
      closing.abort();
      await leases.drain();
      streamClient.close();
      await reading;
      await leases.leave();
    },
  };
}
