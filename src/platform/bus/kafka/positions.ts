import type { Consumer, GroupAssignment } from '@platformatic/kafka';
import type { Loss } from '../bus.ts';
import { type Progress, progress } from '../progress.ts';
import type { Committer } from './committer.ts';

/** How far one partition is read. */
export interface PartitionPosition {
  readonly topic: string;
  readonly partition: number;
  /** The offset to read next. */
  next: bigint;
  /** Of what is handled: its offsets are committed. */
  readonly progress: Progress;
}

interface PositionOptions {
  readonly offsetClient: Consumer;
  readonly assignments: readonly GroupAssignment[];
  readonly commits: Committer;
  lost(loss: Loss): void;
}

/** A committed offset, or -1, with the offsets that the partition has: from `first` to before `last`. */
interface Offsets {
  readonly topic: string;
  readonly partition: number;
  readonly committed: bigint;
  readonly first: bigint;
  readonly last: bigint;
}

const COMMIT_EVERY_MS = 200;
const OLDEST = -2n;
const END = -1n;

/**
 * Where to begin: at the committed offsets. A new group begins with the oldest event; so does one whose committed
 * offset the partition does not have, which is reported as a loss.
 */
export async function startPositions(options: PositionOptions): Promise<PartitionPosition[]> {
  const { commits, lost } = options;
  return (await offsetsOf(options)).map((offsets) => {
    const { topic, partition, committed, first, last } = offsets;
    const next = committed < first || committed > last ? first : committed;
    if (committed < 0n) void commits.keep(topic, partition, next).catch(() => undefined);
    else if (next !== committed) lost(lossOf(offsets));
    const keep = (position: number) => commits.keep(topic, partition, BigInt(position) + 1n);
    return { topic, partition, next, progress: progress(Number(next) - 1, COMMIT_EVERY_MS, keep) };
  });
}

async function offsetsOf({ offsetClient, assignments }: PositionOptions): Promise<Offsets[]> {
  const topics = assignments.map(({ topic }) => topic);
  // Asked anew: partitions may have been added since.
  await offsetClient.metadata({ topics: [...topics], forceUpdate: true });
  const [oldest, end, committed] = await Promise.all([
    offsetClient.listOffsets({ topics: [...topics], timestamp: OLDEST }),
    offsetClient.listOffsets({ topics: [...topics], timestamp: END }),
    offsetClient.listCommittedOffsets({ topics: [...assignments] }),
  ]);
  return assignments.flatMap(({ topic, partitions }) =>
    partitions.map((partition) => {
      const first = oldest.get(topic)?.[partition] ?? 0n;
      const last = end.get(topic)?.[partition] ?? first;
      return { topic, partition, committed: committed.get(topic)?.[partition] ?? -1n, first, last };
    }),
  );
}

function lossOf({ topic, partition, committed, first, last }: Offsets): Loss {
  const place = `partition ${partition}`;
  const stood = `the group stood at offset ${committed}`;
  if (committed < first) {
    const count = Number(first - committed);
    return { topic, place, count, reason: `${stood}, and the oldest that Kafka still has is ${first}` };
  }
  const reason = `${stood}, beyond the end at ${last}: the topic is another one, or lost its end; all of it is read again`;
  return { topic, place, reason };
}
