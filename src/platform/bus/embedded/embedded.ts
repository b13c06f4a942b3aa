import type { Envelope } from '../../contract/events.ts';
import { logStore } from '../../db/postgres/event-log.ts';
import { type Database, rowFaultInPostgres } from '../../db/postgres/postgres.ts';
import type { DatabaseSession } from '../../db/postgres/session.ts';
import type { Log } from '../../observability/log.ts';
import { openBroadcasts } from '../broadcast/broadcasts.ts';
import type { ActiveSubscription, Bus } from '../bus.ts';
import { KEPT, type Meaning, type Refusal, type SendResult, sendParts } from '../publishing/refusal.ts';
import { type Arrival, arrivalOf } from './arrival.ts';
import { embeddedBroadcasts } from './broadcast.ts';
import { type LogReader, readLog } from './log-reader.ts';

/**
 * The bus of a system without a broker: a log in PostgreSQL. Of each group one process reads; others stand by and
 * take over when its connection ends. Readers of this process get what it appends from memory; those that
 * were away, or are elsewhere, read the log.
 */
export interface EmbeddedBusOptions {
  readonly db: Database;
  readonly session: DatabaseSession;
  /** Put before the name of every group. */
  readonly prefix: string;
  readonly log: Log;
}

const CHANNEL = 'tradepost_log';

/** Opens the bus over a database whose bus schema is there. */
export async function openEmbeddedBus({ db, session, prefix, log }: EmbeddedBusOptions): Promise<Bus> {
  const store = logStore(db);
  const readers = new Set<LogReader>();
  await session.listen(CHANNEL, (last) => {
    for (const reader of readers) reader.reaches(last === undefined ? undefined : Number(last));
  });

  async function append(events: readonly Envelope[]): Promise<SendResult> {
    try {
      const { previous, first, last } = await store.append(events);
      const logged: Arrival[] = events.map((event, n) => arrivalOf({ ...event, position: first + n }));
      for (const reader of readers) reader.append({ previous, last, events: logged });
      return KEPT;
    } catch (error) {
      return { left: events, error };
    }
  }

  const broadcasts = openBroadcasts(embeddedBroadcasts(db, session), log);

  return {
    broadcast: broadcasts.broadcast,
    onBroadcast: broadcasts.onBroadcast,
    publish: (events): Promise<Refusal[]> => sendParts(events.length === 0 ? [] : [events], append, meaningOf),
    async subscribe(subscription): Promise<ActiveSubscription> {
      const reader = readLog({ store, session, name: `${prefix}-${subscription.group}`, subscription, log });
      readers.add(reader);
      return {
        async close() {
          await reader.close();
          readers.delete(reader);
        },
      };
    },
    forget: (days) => store.forget(days),
    ping: () => db.ping(),
    async close() {
      await broadcasts.close();
      await Promise.all([...readers].map((reader) => reader.close()));
      readers.clear();
    },
  };
}

// An append is one statement: it keeps all, or nothing.
function meaningOf(error: unknown): Meaning {
  if (rowFaultInPostgres(error))
    return { fault: 'event', sentence: 'the log in PostgreSQL refuses an event as invalid' };
  return { fault: 'bus', sentence: 'the log in PostgreSQL takes no events now' };
}
