import type { Engines } from '../app/engines.ts';
import { type Config, readConfig } from '../config/config.ts';
import type { Ctx } from '../contract/contract.ts';
import type { Consumer, Envelope } from '../contract/events.ts';
import { type Database, openDatabase } from '../db/postgres/postgres.ts';
import { type DatabaseSession, openSession } from '../db/postgres/session.ts';
import { deadLettersIn } from '../db/postgres/store/dead-letters.ts';
import { eventsIn } from '../db/postgres/store/outbox.ts';
import { at, change, make, plain, type ToyState, toyContract } from '../db/postgres/store/save.fixture.ts';
import { type PostgresStore, postgresStore } from '../db/postgres/store/store.ts';
import { createLog, type Log } from '../observability/log.ts';
import type { Bus } from './bus.ts';
import { type EventPath, openEventPath } from './event-path.ts';

export const log = createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' });

/** The settings of a test: pauses of a millisecond, three attempts. */
export const config: Config = readConfig({ EVENT_PAUSE_MS: '1', EVENT_ATTEMPTS: '3' }, [{ name: 'toy' }]);

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
  const sessions: DatabaseSession[] = [];
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

function enginesOf(db: Database, sessions: DatabaseSession[]): Pick<Engines, 'events' | 'eventLog'> {
  const session = openSession(db.url, log);
  sessions.push(session);
  const source = eventsIn(db, session);
  return { events: () => source, eventLog: () => ({ db, session }) };
}

export { at, change, make, toyContract };
