import type { Loss } from '../bus.ts';
import { headersOf } from '../cloudevents.ts';
import type { Receiver } from '../receiver.ts';
import type { StreamClient } from './stream-client.ts';

/** A part of the topics that this process holds the lease of. */
export interface LeasedPartition {
  readonly n: number;
  readonly streams: readonly StreamState[];
  /** By the clock of this process: later, another may have it. */
  validUntil: number;
  readonly leaving: boolean;
  /** Takes on what was read of a stream whose end is at `last`. */
  take(stream: StreamState, last: string, entries: readonly [string, readonly string[] | null][]): Promise<void>;
  /** Begins nothing more; what is under way goes on. */
  letGo(): void;
  /** Begins nothing more, and resolves when what was under way is acknowledged or let go of. */
  leave(): Promise<void>;
}

/** How far one stream was read. */
export interface StreamState {
  readonly part: LeasedPartition;
  readonly key: string;
  readonly topic: string;
  /** '>', or while what was open before is being read, the place reached in that. */
  from: string;
  /** The last entry that was there when nothing new was. */
  last: string;
  /** Taken on, and not known to be acknowledged. */
  readonly open: Set<string>;
}

interface PartitionOptions {
  readonly lines: StreamClient;
  readonly work: Receiver;
  readonly group: string;
  readonly validUntil: number;
  lost(loss: Loss): void;
}

/** Begins with a part: first with what its last reader left open. */
export function openPartition(
  n: number,
  topics: readonly string[],
  prefix: string,
  parts: PartitionOptions,
): LeasedPartition {
  const { lines, work, group, validUntil, lost } = parts;
  const held = new AbortController();
  const underWay = new Set<Promise<void>>();

  async function handle(stream: StreamState, id: string, fields: readonly string[] | null): Promise<void> {
    const done = fields ? await work.take(await messageOf(stream, id, fields), held.signal) : missing(stream);
    if (!done) return;
    await lines.acknowledge(stream.key, group, id, held.signal);
    stream.open.delete(id);
  }

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
    const bytes = doubtful ? await lines.bytesOf(key, id).catch(() => []) : [];
    const raw = bytes[bytes.findIndex((name, n) => n % 2 === 0 && name.toString() === 'data') + 1];
    return { topic, headers, data: doubtful && raw ? raw : String(data) };
  }

  const part: LeasedPartition = {
    n,
    streams: [],
    validUntil,
    get leaving() {
      return held.signal.aborted;
    },
    async take(stream, last, entries) {
      for (const [id, fields] of entries) {
        await work.room();
        if (held.signal.aborted) return;
        if (stream.open.has(id)) continue;
        stream.open.add(id);
        const done = handle(stream, id, fields);
        underWay.add(done);
        void done.finally(() => underWay.delete(done));
      }
      if (stream.from !== '>') stream.from = entries.at(-1)?.[0] ?? '>';
      else if (entries.length === 0) stream.last = last;
    },
    letGo: () => held.abort(),
    async leave() {
      held.abort();
      await Promise.all(underWay);
    },
  };
  const streams = topics.map((topic) => ({
    part,
    key: `${prefix}:${topic}:${n}`,
    topic,
    from: '0',
    last: '0-0',
    open: new Set<string>(),
  }));
  return Object.assign(part, { streams });
}

function pairsOf(fields: readonly string[]): [string, string][] {
  return Array.from({ length: fields.length / 2 }, (_, n) => [fields[2 * n] as string, fields[2 * n + 1] as string]);
}
