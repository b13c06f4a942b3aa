import { type Config, readConfig } from '../config.ts';
import type { Ctx } from '../contract.ts';
import { deadLettersIn } from '../db/dead-letters.ts';
import { eventsIn } from '../db/outbox.ts';
import { type Database, openDatabase } from '../db/postgres.ts';
import { at, change, make, plain, type ToyState, toyContract } from '../db/save.fixture.ts';
import { openSession, type Session } from '../db/session.ts';
import { type PostgresStore, postgresStore } from '../db/store.ts';
import type { Engines } from '../engines.ts';
import type { Consumer, Envelope } from '../events.ts';
import { createLog, type Log } from '../log.ts';
import type { Bus } from './bus.ts';
import { type EventPath, openEventPath } from './event-path.ts';

export const log = createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' });

/** The settings of a test: pauses of a millisecond, three attempts. */
export const config: Config = readConfig({ EVENT_PAUSE_MS: '1', EVENT_ATTEMPTS: '3' }, ['toy']);

/** A process in which toys are made and something listens to them. */
export interface ToyProcess {
  readonly db: Database;
  readonly store: PostgresStore;
  readonly path: EventPath;
  readonly letters: ReturnType<typeof deadLettersIn>;
  again(consumer: string, envelope: Envelope): Promise<void>;
  save(ctx: Ctx, toy: ReturnType<typeof make>): Promise<ToyState>;
  close(): Promise<void>;
}

/** Starts one on a database that has the tables of toys. */
export async function toyProcess(
  url: string,
  consumers: readonly Consumer<undefined>[],
  more: { readonly aroundBus?: (bus: Bus) => Bus; readonly log?: Log } = {},
): Promise<ToyProcess> {
  const db = openDatabase(url);
  const sessions: Session[] = [];
  const engines = enginesOf(db, sessions);
  const letters = deadLettersIn(db, 'toy');
  const deadLetters = new Map([['toy', letters]]);
  const named = { keepers: ['toy'], contracts: [toyContract], deadLetters };
  const path = await openEventPath({ config, engines, log, ...named, ...more });
  if (!path) throw new Error('toys are kept, so there is a path');
  const store = postgresStore(db, toyContract);
  const prepared = path.prepare({ service: 'toy', consumers, api: undefined, deadLetters: letters });
  await path.listen();
  return {
    db,
    store,
    path,
    letters,
    again: prepared.again,
    save: store.saver<ToyState>(plain),
    async close() {
      await path.close();
      await Promise.all(sessions.map((session) => session.close()));
      await db.close();
    },
  };
}

function enginesOf(db: Database, sessions: Session[]): Engines {
  const session = openSession(db.url, log);
  sessions.push(session);
  const source = eventsIn(db, session);
  return {
    isOnClickHouse: () => false,
    clickhouse() {
      throw new Error('toys are kept in PostgreSQL');
    },
    events: () => source,
    database: () => db,
    session: () => session,
    shared: () => db,
    checks: () => ({}),
    close: async () => undefined,
  };
}

export { at, change, make, toyContract };
