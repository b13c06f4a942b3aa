import type { Consumer, GroupAssignment } from '@platformatic/kafka';
import type { Loss } from '../bus.ts';
import { headersOf } from '../cloudevents.ts';
import { type Progress, progress } from '../progress.ts';
import type { Receiver } from '../receiver.ts';
import { withTimeout } from '../timeout.ts';
import { committer } from './committer.ts';

/** What a member does between two rebalances: it reads the partitions that it was given. */
export interface Assignment {
  /** Resolves with the reason when it cannot read any more; it is then to be ended. */
  readonly failed: Promise<Error>;
  readonly ended: boolean;
  /** Begins nothing more; resolves when what was under way is committed or let go of, or after so long. */
  end(patienceMs?: number): Promise<void>;
  /** Commits nothing more of a topic: it is there no longer, or is another one of the same name. */
  drop(topic: string): void;
}

interface AssignmentOptions {
  readonly member: Consumer;
  /** A client of the same group for what must not wait behind a fetch. */
  readonly hands: Consumer;
  readonly assignments: readonly GroupAssignment[];
  /** The bus's own name of each topic by its name in Kafka. */
  readonly named: ReadonlyMap<string, string>;
  readonly work: Receiver;
  /** The end of the turn before. */
  readonly before?: Promise<void>;
  lost(loss: Loss): void;
}

/** How far one partition is read. */
interface Reading {
  readonly topic: string;
  readonly partition: number;
  next: bigint;
  readonly place: Progress;
}

/** A place that is not between the oldest event and the end. */
interface Hole {
  readonly topic: string;
  readonly partition: number;
  readonly kept: bigint;
  readonly first: bigint;
  readonly last: bigint;
}

const KEEP_PLACE_MS = 200;
const WAIT_MS = 500;
const PARTITION_BYTES = 512_000;
const FETCH_BYTES = 2_000_000;
const READ_COMMITTED = 1;
const CONTROL = 0x20;

/** Begins to read, each partition from where the group stands. */
export function startAssignment({
  member,
  hands,
  assignments,
  named,
  work,
  before,
  lost,
}: AssignmentOptions): Assignment {
  const held = new AbortController();
  const failed = Promise.withResolvers<Error>();
  const underWay = new Set<Promise<void>>();
  const commits = committer((offsets) => hands.commit({ offsets }), held.signal);
  const readings: Reading[] = [];

  async function run(): Promise<void> {
    await before;
    const topics = assignments.map(({ topic }) => topic);
    if (topics.length === 0 || held.signal.aborted) return;
    readings.push(...(await standing(topics)));
    const metadata = await member.metadata({ topics: [...topics], forceUpdate: true });
    const byNode = Map.groupBy(
      readings,
      ({ topic, partition }) => metadata.topics.get(topic)?.partitions[partition]?.leader ?? -1,
    );
    const names = new Map(topics.map((topic) => [metadata.topics.get(topic)?.id ?? topic, topic]));
    await Promise.all([...byNode].map(([node, own]) => readFrom(node, own, names)));
  }

  /** A new group begins with the oldest event; so does one whose place is there no longer. */
  async function standing(topics: string[]): Promise<Reading[]> {
    // Known anew: partitions may have been added since.
    await hands.metadata({ topics: [...topics], forceUpdate: true });
    const [oldest, end, committed] = await Promise.all([
      hands.listOffsets({ topics: [...topics], timestamp: -2n }),
      hands.listOffsets({ topics: [...topics], timestamp: -1n }),
      hands.listCommittedOffsets({ topics: [...assignments] }),
    ]);
    return assignments.flatMap(({ topic, partitions }) =>
      partitions.map((partition) => {
        const first = oldest.get(topic)?.[partition] ?? 0n;
        const last = end.get(topic)?.[partition] ?? first;
        const kept = committed.get(topic)?.[partition] ?? -1n;
        const next = kept < first || kept > last ? first : kept;
        if (kept < 0n) void commits.keep(topic, partition, next).catch(() => undefined);
        else if (next !== kept) tellOfLoss({ topic, partition, kept, first, last });
        const keep = (position: number) => commits.keep(topic, partition, BigInt(position) + 1n);
        return { topic, partition, next, place: progress(Number(next) - 1, KEEP_PLACE_MS, keep) };
      }),
    );
  }

  function tellOfLoss({ topic, partition, kept, first, last }: Hole): void {
    const stood = `the group stood at offset ${kept}`;
    lost({
      topic,
      place: `partition ${partition}`,
      ...(kept < first && { count: Number(first - kept) }),
      reason:
        kept < first
          ? `${stood}, and the oldest that Kafka still has is ${first}`
          : `${stood}, beyond the end at ${last}: the topic is another one, or lost its end; all of it is read again`,
    });
  }

  async function readFrom(node: number, own: readonly Reading[], names: ReadonlyMap<string, string>): Promise<void> {
    const ids = new Map([...names].map(([id, name]) => [name, id]));
    while (!held.signal.aborted) {
      const byTopic = Map.groupBy(own, ({ topic }) => topic);
      const topics = [...byTopic].map(([topic, ones]) => ({
        topicId: ids.get(topic) ?? topic,
        partitions: ones.map(({ partition, next }) => ({
          partition,
          fetchOffset: next,
          currentLeaderEpoch: -1,
          lastFetchedEpoch: -1,
          partitionMaxBytes: PARTITION_BYTES,
        })),
      }));
      const limits = { minBytes: 1, maxBytes: FETCH_BYTES, maxWaitTime: WAIT_MS, isolationLevel: READ_COMMITTED };
      await takeAll(await member.fetch({ node, topics, ...limits }), own, names);
    }
  }

  async function takeAll(got: FetchResponse, own: readonly Reading[], names: ReadonlyMap<string, string>) {
    for (const { topicId, partitions } of got.responses) {
      for (const { partitionIndex, records } of partitions) {
        const reading = own.find((one) => one.topic === names.get(topicId) && one.partition === partitionIndex);
        if (reading && records) await takePartition(reading, records);
      }
    }
  }

  async function takePartition(reading: Reading, batches: NonNullable<Batches>): Promise<void> {
    for (const batch of batches) {
      for (const record of batch.attributes & CONTROL ? [] : batch.records) {
        const offset = batch.firstOffset + BigInt(record.offsetDelta);
        // A fetch begins with the batch that holds the place, not with the place.
        if (offset < reading.next) continue;
        await work.room();
        if (held.signal.aborted) return;
        reading.next = offset + 1n;
        take(reading, offset, record);
      }
      const end = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
      if (end > reading.next) reading.next = end;
    }
  }

  function take({ topic, place }: Reading, offset: bigint, { headers, value }: Records[number]): void {
    const done = place.begin(Number(offset));
    const message = {
      topic: named.get(topic) ?? topic,
      headers: headersOf(headers.map(([name, text]) => [String(name), text?.toString()])),
      data: value ?? '',
    };
    const one = work.take(message, held.signal).then((finished) => {
      if (finished) done();
    });
    underWay.add(one);
    void one.finally(() => underWay.delete(one));
  }

  async function settle(reading: Promise<void>): Promise<void> {
    held.abort();
    await reading;
    await Promise.all(underWay);
    await Promise.all(readings.map(({ place }) => place.close()));
    await commits.idle();
  }

  const running = run().catch((error: Error) => {
    if (!held.signal.aborted) failed.resolve(error);
  });
  let end: Promise<void> | undefined;
  return {
    failed: failed.promise,
    get ended() {
      return held.signal.aborted;
    },
    drop(topic) {
      for (const reading of readings) if (reading.topic === topic) reading.place.drop();
    },
    async end(patienceMs) {
      end ??= settle(running);
      if (patienceMs === undefined) await end;
      else await withTimeout(patienceMs, 'late', end).catch(() => undefined);
    },
  };
}

type FetchResponse = Awaited<ReturnType<Consumer['fetch']>>;
type Batches = FetchResponse['responses'][number]['partitions'][number]['records'];
type Records = NonNullable<Batches>[number]['records'];
