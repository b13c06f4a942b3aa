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
  const news = newsOfLog((last) => {
    for (const reader of readers) reader.reaches(last);
  });
  await session.listen(CHANNEL, (last) => news.reaches(last === undefined ? undefined : Number(last)));

  async function append(events: readonly Envelope[]): Promise<SendResult> {
    const appended = news.appending();
    try {
      const { previous, first, last } = await store.append(events);
      const logged: Arrival[] = events.map((event, n) => arrivalOf({ ...event, position: first + n }));
      for (const reader of readers) reader.append({ previous, last, events: logged });
      return KEPT;
    } catch (error) {
      return { left: events, error };
    } finally {
      appended();
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

/**
 * News of the end of the log. A notification may be faster than the answer to the append that it tells of, and readers
 * would read from the log what they are about to get from memory: while this process appends, news wait.
 */
function newsOfLog(tell: (last: number | undefined) => void) {
  let underWay = 0;
  let waiting: number | undefined;
  return {
    /** Without a position, nobody knows how far the log reaches. */
    reaches(last: number | undefined): void {
      if (underWay === 0 || last === undefined) tell(last);
      else waiting = Math.max(waiting ?? 0, last);
    },
    /** An append begins; the answer is to be called at its end, when readers have what was appended. */
    appending() {
      underWay++;
      return () => {
        underWay--;
        if (underWay > 0 || waiting === undefined) return;
        tell(waiting);
        waiting = undefined;
      };
    },
  };
}

// An append is one statement: it keeps all, or nothing.
function meaningOf(error: unknown): Meaning {
  if (rowFaultInPostgres(error))
    return { fault: 'event', sentence: 'the log in PostgreSQL refuses an event as invalid' };
  return { fault: 'bus', sentence: 'the log in PostgreSQL takes no events now' };
}
