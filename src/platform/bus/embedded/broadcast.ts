import { once } from 'node:events';
import { BROADCAST_CHANNEL, broadcastTable } from '../../db/postgres/broadcast-table.ts';
import type { Database } from '../../db/postgres/postgres.ts';
import type { DatabaseSession } from '../../db/postgres/session.ts';
import type { BroadcastTransport, FrameSink } from '../broadcast/transport.ts';

/**
 * Rows of a table, and a notification for each that carries its id: a notification itself holds less than 8,000 bytes.
 * Notifications come in the order of the commits.
 */
export function embeddedBroadcasts(db: Database, session: DatabaseSession): BroadcastTransport {
  const table = broadcastTable(db);
  return {
    send: table.insert,
    async listen(sink, closing) {
      const ended = Promise.withResolvers<void>();
      let reader: ReturnType<typeof rowReader> | undefined;
      await session.listen(BROADCAST_CHANNEL, (id) => {
        if (id !== undefined) reader?.read(Number(id));
        else if (reader) ended.reject(new Error('the session that listens was opened again'));
      });
      reader = rowReader(table, sink, ended.reject);
      sink.begun();
      const closed = closing.aborted ? undefined : once(closing, 'abort').then(() => undefined);
      await Promise.race([ended.promise, closed]);
      reader = undefined;
    },
  };
}

/** Reads the rows of notifications in their order; those that came meanwhile are read together. */
function rowReader(table: ReturnType<typeof broadcastTable>, sink: FrameSink, failed: (error: unknown) => void) {
  let waiting: number[] = [];
  let reading = false;

  async function readAll(): Promise<void> {
    while (waiting.length > 0) {
      const ids = waiting;
      waiting = [];
      const frames = await table.read(ids);
      for (const id of ids) {
        const frame = frames.get(id);
        if (frame === undefined) throw new Error('a broadcast was removed before it was read');
        sink.frame(frame);
      }
    }
  }

  return {
    read(id: number): void {
      waiting.push(id);
      if (reading) return;
      reading = true;
      readAll()
        .catch(failed)
        .finally(() => {
          reading = false;
        });
    },
  };
}
