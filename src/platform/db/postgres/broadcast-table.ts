import { BUS_SCHEMA } from './event-log.ts';
import type { Database } from './postgres.ts';

/** Where an id comes when a row was inserted. */
export const BROADCAST_CHANNEL = 'tradepost_broadcast';

/** The broadcasts of the bus in PostgreSQL: what is written is read within moments, and removed after minutes. */
export interface BroadcastTable {
  /** Inserts a row and notifies who listens, in one commit. */
  insert(frame: string): Promise<void>;
  /** The rows of these ids. One that was removed is missing in the answer. */
  read(ids: readonly number[]): Promise<Map<number, string>>;
}

/** Opens the table of a database whose bus schema is there. */
export function broadcastTable(db: Database): BroadcastTable {
  return {
    async insert(frame) {
      await db.query(INSERT, [frame]);
    },
    async read(ids) {
      const rows = await db.query<{ id: number; frame: string }>(READ, [ids]);
      return new Map(rows.map(({ id, frame }) => [id, frame]));
    },
  };
}

// Old rows go by who inserts, a few at a time, and without waiting for another who does the same.
const INSERT = {
  name: 'broadcast insert',
  text: `with old as (
      select id from ${BUS_SCHEMA}.broadcast where sent_at < now() - interval '5 minutes'
        order by sent_at limit 100 for update skip locked),
      removed as (delete from ${BUS_SCHEMA}.broadcast using old where broadcast.id = old.id),
      inserted as (insert into ${BUS_SCHEMA}.broadcast (frame) values ($1) returning id)
    select pg_notify('${BROADCAST_CHANNEL}', id::text) from inserted`,
};

const READ = {
  name: 'broadcast read',
  text: `select id, frame from ${BUS_SCHEMA}.broadcast where id = any($1::bigint[])`,
};
