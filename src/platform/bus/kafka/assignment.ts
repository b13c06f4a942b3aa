import type { Consumer, GroupAssignment } from '@platformatic/kafka';
import type { Loss } from '../bus.ts';
import { headersOf } from '../cloudevents.ts';
import type { Receiver } from '../receiver.ts';
import { withTimeout } from '../timeout.ts';
import { committer } from './committer.ts';
import { fetchPartitions, type KafkaRecord } from './fetcher.ts';
import { type PartitionPosition, startPositions } from './positions.ts';

/**
 * | state         | work                                                          | next                               |
 * | ------------- | ------------------------------------------------------------- | ---------------------------------- |
 * | `waiting`     | the assignment before drains                                  | `positioning`                      |
 * | `positioning` | asks where the group stands, and compares with what is there  | `reading`; `failed` at an error    |
 * | `reading`     | fetches from the leaders, and handles                         | `failed` at an error               |
 * | `failed`      | fetches no more; what is in flight goes on                    | `draining`                         |
 * | `draining`    | begins no more; handles and commits what is in flight         | `ended`                            |
 * | `ended`       |                                                               |                                    |
 *
 * `end` leads from every state to `draining`: at a rebalance, after a failure, at the end of the process.
 */
export type AssignmentState = 'waiting' | 'positioning' | 'reading' | 'failed' | 'draining' | 'ended';

/** The partitions that a member was given at a rebalance, until the next one. */
export interface Assignment {
  readonly state: AssignmentState;
  /** Resolves with the reason when the state becomes `failed`. */
  readonly failed: Promise<Error>;
  /** Drains; resolves when what was in flight is committed or left to the next assignment, or after so long. */
  end(timeoutMs?: number): Promise<void>;
  /** Commits nothing more of a topic: it was deleted, or another one has its name. */
  drop(topic: string): void;
}

interface AssignmentOptions {
  readonly member: Consumer;
  /** A client of the same group for offsets: its requests do not wait behind a fetch. */
  readonly offsetClient: Consumer;
  readonly assignments: readonly GroupAssignment[];
  /** The bus's own name of each topic by its name in Kafka. */
  readonly named: ReadonlyMap<string, string>;
  readonly work: Receiver;
  /** The end of the assignment before. */
  readonly before?: Promise<void>;
  lost(loss: Loss): void;
}

/** Begins to read each partition from where the group stands. */
export function startAssignment(options: AssignmentOptions): Assignment {
  const { member, offsetClient, assignments, named, work, before, lost } = options;
  const active = new AbortController();
  const failed = Promise.withResolvers<Error>();
  const inFlight = new Set<Promise<void>>();
  const commits = committer((offsets) => offsetClient.commit({ offsets }), active.signal);
  let positions: readonly PartitionPosition[] = [];
  let state: AssignmentState = 'waiting';

  async function run(): Promise<void> {
    await before;
    if (assignments.length === 0 || active.signal.aborted) return;
    state = 'positioning';
    positions = await startPositions({ offsetClient, assignments, commits, lost });
    if (active.signal.aborted) return;
    state = 'reading';
    await fetchPartitions({ member, positions, active: active.signal, room: work.room, begin });
  }

  function begin({ topic, progress }: PartitionPosition, offset: bigint, record: KafkaRecord): void {
    const done = progress.begin(Number(offset));
    const handled = work.take(messageOf(named.get(topic) ?? topic, record), active.signal).then(done);
    inFlight.add(handled);
    void handled.finally(() => inFlight.delete(handled));
  }

  function fail(error: Error): void {
    if (active.signal.aborted) return;
    state = 'failed';
    failed.resolve(error);
  }

  async function drain(): Promise<void> {
    state = 'draining';
    active.abort();
    await running;
    await Promise.all(inFlight);
    await Promise.all(positions.map(({ progress }) => progress.close()));
    await commits.idle();
    state = 'ended';
  }

  const running = run().catch(fail);
  let ending: Promise<void> | undefined;
  return {
    get state() {
      return state;
    },
    failed: failed.promise,
    drop(topic) {
      for (const position of positions) if (position.topic === topic) position.progress.drop();
    },
    async end(timeoutMs) {
      ending ??= drain();
      if (timeoutMs === undefined) await ending;
      else await withTimeout(timeoutMs, 'late', ending).catch(() => undefined);
    },
  };
}

function messageOf(topic: string, { headers, value }: KafkaRecord) {
  const pairs = headers.map(([name, text]) => [String(name), text?.toString()] as const);
  return { topic, headers: headersOf(pairs), data: value ?? '' };
}
