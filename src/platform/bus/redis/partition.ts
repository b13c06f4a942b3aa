import type { Loss } from '../bus.ts';
import { headersOf } from '../cloudevents.ts';
import type { Receiver } from '../receiver.ts';
import type { StreamClient } from './stream-client.ts';

/**
 * | state      | on                                                | next       |
 * | ---------- | ------------------------------------------------- | ---------- |
 * | `leased`   | the share became smaller, or the process ends     | `draining` |
 * | `leased`   | the lease expired, or another process has it      | `lost`     |
 * | `draining` | nothing is in flight and the lease is given back, | `lost`     |
 * |            | or it expired before                              |            |
 *
 * Events begin only in `leased`. What is in flight goes on in every state, and is acknowledged.
 */
export type PartitionState = 'leased' | 'draining' | 'lost';

/** A partition of the topics whose lease this process holds or held. */
export interface LeasedPartition {
  readonly n: number;
  readonly streams: readonly StreamState[];
  readonly state: PartitionState;
  /** By the clock of this process: later, another may have it. */
  validUntil: number;
  /** Takes on what was read of a stream whose end is at `last`. */
  take(stream: StreamState, last: string, entries: readonly Entry[]): Promise<void>;
  lose(): void;
  /** Resolves when what was in flight is acknowledged, or was not begun and left to the next holder. */
  drain(): Promise<void>;
}

type Entry = readonly [id: string, fields: readonly string[] | null];

/** How far one stream was read. */
export interface StreamState {
  readonly partition: LeasedPartition;
  readonly key: string;
  readonly topic: string;
  /** `>` for new entries; while pending entries are read, the last of them that was read. */
  from: string;
  /** The last entry that was there when nothing new was. */
  last: string;
  /** In flight, or not known to be acknowledged. */
  readonly open: Set<string>;
}

interface PartitionOptions {
  readonly streamClient: StreamClient;
  readonly work: Receiver;
  readonly group: string;
  readonly validUntil: number;
  lost(loss: Loss): void;
}

/** A partition in the state `leased`: its pending entries are read first. */
export function openPartition(
  n: number,
  topics: readonly string[],
  prefix: string,
  options: PartitionOptions,
): LeasedPartition {
  const leased = new AbortController();
  const inFlight = new Set<Promise<void>>();
  const handle = entryHandler(options, leased.signal);
  let state: PartitionState = 'leased';
  const become = (next: PartitionState): void => {
    state = next;
    leased.abort();
  };

  const partition: LeasedPartition = {
    n,
    streams: [],
    validUntil: options.validUntil,
    get state() {
      return state;
    },
    async take(stream, last, entries) {
      for (const [id, fields] of entries) {
        await options.work.room();
        if (state !== 'leased') return;
        if (stream.open.has(id)) continue;
        stream.open.add(id);
        const done = handle(stream, id, fields);
        inFlight.add(done);
        void done.finally(() => inFlight.delete(done));
      }
      if (stream.from !== '>') stream.from = entries.at(-1)?.[0] ?? '>';
      else if (entries.length === 0) stream.last = last;
    },
    lose: () => become('lost'),
    async drain() {
      if (state === 'leased') become('draining');
      await Promise.all(inFlight);
    },
  };
  const streams = topics.map((topic) => ({
    partition,
    key: `${prefix}:${topic}:${n}`,
    topic,
    from: '0',
    last: '0-0',
    open: new Set<string>(),
  }));
  return Object.assign(partition, { streams });
}

/** Handles entries, and acknowledges those that are done with. */
function entryHandler({ streamClient, work, group, lost }: PartitionOptions, leased: AbortSignal) {
  // It was delivered and not acknowledged, and then removed from the stream.
  function missing({ topic, key }: StreamState): true {
    const reason = 'an entry was removed from the stream before this group was done with it';
    lost({ topic, place: `stream ${key}`, count: 1, reason });
    return true;
  }

  // What comes with U+FFFD in it may have been no UTF-8.
  async function messageOf({ topic, key }: StreamState, id: string, fields: readonly string[]) {
    const { data = '', ...headers } = headersOf(pairsOf(fields));
    const doubtful = typeof data === 'string' && data.includes('\ufffd');
    const bytes = doubtful ? await streamClient.bytesOf(key, id).catch(() => []) : [];
    const raw = bytes[bytes.findIndex((name, n) => n % 2 === 0 && name.toString() === 'data') + 1];
    return { topic, headers, data: doubtful && raw ? raw : String(data) };
  }

  return async (stream: StreamState, id: string, fields: readonly string[] | null): Promise<void> => {
    const done = fields ? await work.take(await messageOf(stream, id, fields), leased) : missing(stream);
    if (!done) return;
    await streamClient.acknowledge(stream.key, group, id, leased);
    stream.open.delete(id);
  };
}

function pairsOf(fields: readonly string[]): [string, string][] {
  return Array.from({ length: fields.length / 2 }, (_, n) => [fields[2 * n] as string, fields[2 * n + 1] as string]);
}
