import type { Consumer } from '@platformatic/kafka';
import type { PartitionPosition } from './positions.ts';

type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;
type Batches = NonNullable<FetchResponse['responses'][number]['partitions'][number]['records']>;

/** A record as it is in a fetched batch. */
export type KafkaRecord = Batches[number]['records'][number];

interface FetchOptions<P> {
  readonly member: Consumer;
  readonly positions: readonly P[];
  /** Fetches until this is aborted. */
  readonly active: AbortSignal;
  /** Resolves when there is room for one more record. */
  room(): Promise<void>;
  begin(position: P, offset: bigint, record: KafkaRecord): void;
}

/** What a fetch needs to know of a partition. */
type Fetched = Pick<PartitionPosition, 'topic' | 'partition' | 'next'>;

const WAIT_MS = 500;
const PARTITION_BYTES = 512_000;
const FETCH_BYTES = 2_000_000;
const READ_COMMITTED = 1;
const CONTROL = 0x20;

/** Fetches partitions from their leaders, all side by side, and moves `next` on. Rejects at the first error. */
export async function fetchPartitions<P extends Fetched>(options: FetchOptions<P>): Promise<void> {
  const { member, positions, active } = options;
  const topics = [...new Set(positions.map(({ topic }) => topic))];
  const metadata = await member.metadata({ topics, forceUpdate: true });
  const leaderOf = ({ topic, partition }: P) => metadata.topics.get(topic)?.partitions[partition]?.leader ?? -1;
  const ids = new Map(topics.map((topic) => [topic, metadata.topics.get(topic)?.id ?? topic]));
  const fromLeader = async (node: number, own: readonly P[]): Promise<void> => {
    while (!active.aborted) {
      const limits = { minBytes: 1, maxBytes: FETCH_BYTES, maxWaitTime: WAIT_MS, isolationLevel: READ_COMMITTED };
      await takeAll(await member.fetch({ node, topics: requestFor(own, ids), ...limits }), own, ids, options);
    }
  };
  await Promise.all([...Map.groupBy(positions, leaderOf)].map(([node, own]) => fromLeader(node, own)));
}

function requestFor(positions: readonly Fetched[], ids: ReadonlyMap<string, string>) {
  return [...Map.groupBy(positions, ({ topic }) => topic)].map(([topic, own]) => ({
    topicId: ids.get(topic) ?? topic,
    partitions: own.map(({ partition, next }) => ({
      partition,
      fetchOffset: next,
      currentLeaderEpoch: -1,
      lastFetchedEpoch: -1,
      partitionMaxBytes: PARTITION_BYTES,
    })),
  }));
}

async function takeAll<P extends Fetched>(
  { responses }: FetchResponse,
  positions: readonly P[],
  ids: ReadonlyMap<string, string>,
  options: FetchOptions<P>,
): Promise<void> {
  for (const { topicId, partitions } of responses) {
    for (const { partitionIndex, records } of partitions) {
      const position = positions.find((one) => ids.get(one.topic) === topicId && one.partition === partitionIndex);
      if (position && records) await takePartition(position, records, options);
    }
  }
}

async function takePartition<P extends Fetched>(
  position: P,
  batches: Batches,
  { active, room, begin }: FetchOptions<P>,
): Promise<void> {
  for (const batch of batches) {
    for (const record of batch.attributes & CONTROL ? [] : batch.records) {
      const offset = batch.firstOffset + BigInt(record.offsetDelta);
      // A fetch begins with the batch that holds the offset, not with the offset.
      if (offset < position.next) continue;
      await room();
      if (active.aborted) return;
      position.next = offset + 1n;
      begin(position, offset, record);
    }
    const end = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    if (end > position.next) position.next = end;
  }
}
