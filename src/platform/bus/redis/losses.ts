import type { Loss } from '../bus.ts';
import type { StreamState } from './partition.ts';
import type { StreamClient } from './stream-client.ts';

/** Finds entries that a group had not read and that are gone, and reports them. */
export interface LossDetector {
  /** The last entry that came of a stream to this process, also while another held the partition. */
  lastRead(stream: string): string;
  read(stream: string, entry: string | undefined): void;
  /** Redis counted entries that were removed before the group read them. */
  removed(stream: StreamState, count: number): void;
  /**
   * Reports the streams that are missing. A consumer group that was removed alone is made again and loses nothing: it
   * reads the whole stream once more.
   */
  deleted(streams: readonly StreamState[]): Promise<void>;
}

export interface LossOptions {
  readonly streamClient: StreamClient;
  lost(loss: Loss): void;
}

/** Makes one that has read nothing. */
export function lossDetector({ streamClient, lost }: LossOptions): LossDetector {
  const lastRead = new Map<string, string>();
  return {
    lastRead: (stream) => lastRead.get(stream) ?? '0-0',
    read(stream, entry) {
      if (entry !== undefined) lastRead.set(stream, entry);
    },
    removed({ topic, key }, count) {
      const reason = 'entries were removed from the stream before this group had read them';
      lost({ topic, place: `stream ${key}`, count, reason });
    },
    async deleted(streams) {
      for (const { topic, key } of streams) {
        const last = lastRead.get(key);
        if (last === undefined || (await streamClient.holds(key, last))) continue;
        lastRead.delete(key);
        const reason = 'the stream was deleted; what the group had not read of it is lost';
        lost({ topic, place: `stream ${key}`, reason });
      }
    },
  };
}
