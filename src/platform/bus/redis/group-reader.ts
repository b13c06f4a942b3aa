import { PARTITIONS } from '../partition.ts';
import { HEARTBEAT_MS, type LeaseHolder } from './leases.ts';
import { type LossDetector, type LossOptions, lossDetector } from './losses.ts';
import type { StreamState } from './partition.ts';
import { READ } from './scripts.ts';

/**
 * What the reader of a group does. An error in any state leads to `recovering`; the end of the subscription ends all.
 *
 * | state        | work                                                         | next                              |
 * | ------------ | ------------------------------------------------------------ | --------------------------------- |
 * | `unassigned` | waits for a heartbeat, which may bring a lease               | `reading`                         |
 * | `reading`    | reads pending entries of new partitions, and new entries     | `reading` when there were some    |
 * |              |                                                              | `waiting` when there were none    |
 * |              |                                                              | `unassigned` without a partition  |
 * | `waiting`    | blocks until one of the streams has a new entry              | `reading`                         |
 * | `recovering` | pauses; the answer that was lost may have had entries, which | `reading`                         |
 * |              | are pending now, so these are read once more                 |                                   |
 */
type State = 'unassigned' | 'reading' | 'waiting' | 'recovering';

interface ReaderOptions extends LossOptions {
  readonly group: string;
  readonly token: string;
  readonly leases: LeaseHolder;
  readonly closing: AbortSignal;
  /** The streams of a partition, one a topic. */
  keys(partition: number): string[];
  /** Called with each failure, and with undefined when Redis answers. */
  onTrouble(error: unknown): void;
}

/** Of one stream: whether its lease is held, its end, the entries, and how many are gone that were not read. */
type ReadAnswer = [number, string, [string, string[] | null][], number];

const BLOCK_MS = 1_000;
const AGAIN_MS = 500;
const BATCH = 512;

/** Reads the streams of the leased partitions until `closing`. */
export async function readStreams(options: ReaderOptions): Promise<void> {
  const { streamClient, leases, closing, onTrouble } = options;
  const losses = lossDetector(options);
  const groups = consumerGroups(options);
  let streams: readonly StreamState[] = [];

  const work: Readonly<Record<State, () => Promise<State>>> = {
    async unassigned() {
      await leases.changed(HEARTBEAT_MS);
      return 'reading';
    },
    async reading() {
      streams = leases.leased().flatMap((partition) => partition.streams);
      if (streams.length === 0) return 'unassigned';
      await groups.make();
      return (await readOnce(options, losses, streams)) ? 'reading' : 'waiting';
    },
    async waiting() {
      // Only wakes: the entries themselves are read by the script, which looks at the lease.
      const ends = streams.map(({ key, last }) => [key, last] as const);
      await streamClient.waitForEntries(BLOCK_MS, ends);
      onTrouble(undefined);
      return 'reading';
    },
    async recovering() {
      for (const stream of streams) stream.from = '0';
      await streamClient.pause(AGAIN_MS, closing);
      return 'reading';
    },
  };

  async function failed(error: unknown): Promise<State> {
    onTrouble(error);
    if (isMissing(error)) {
      groups.forget();
      await losses.deleted(streams).catch(onTrouble);
    }
    return 'recovering';
  }

  for (let state: State = 'unassigned'; !closing.aborted; ) state = await work[state]().catch(failed);
}

/** Reads once what follows in each stream, and begins to handle it. Answers whether there was anything. */
async function readOnce(
  { streamClient, leases, token, group, onTrouble }: ReaderOptions,
  losses: LossDetector,
  streams: readonly StreamState[],
): Promise<boolean> {
  const entriesEach = Math.max(8, Math.floor(BATCH / streams.length));
  const keys = streams.flatMap(({ partition, key }) => [leases.leaseKey(partition.n), key]);
  const from = streams.map((stream) => stream.from);
  const lastRead = streams.map(({ key }) => losses.lastRead(key));
  const answer = await streamClient.run(READ, keys, [token, group, String(entriesEach), ...from, ...lastRead]);
  onTrouble(undefined);
  let some = false;
  for (const [index, [held, end, entries, removed]] of (answer as ReadAnswer[]).entries()) {
    const stream = streams[index] as StreamState;
    if (removed > 0) losses.removed(stream, removed);
    if (stream.from === '>') losses.read(stream.key, entries.at(-1)?.[0]);
    if (held === 0) leases.lose(stream.partition);
    if (entries.length > 0 || stream.from !== '>') some = true;
    await stream.partition.take(stream, end, entries);
  }
  return some;
}

const isMissing = (error: unknown): boolean => /NOGROUP|no such key/i.test(String(error));

/** Makes the consumer group on every stream before the first read, and after somebody removed it. */
function consumerGroups({ streamClient, group, keys }: ReaderOptions) {
  let made = false;
  return {
    async make(): Promise<void> {
      if (made) return;
      const streams = Array.from({ length: PARTITIONS }, (_, n) => keys(n)).flat();
      await Promise.all(streams.map((stream) => streamClient.makeGroup(stream, group)));
      made = true;
    },
    forget(): void {
      made = false;
    },
  };
}
