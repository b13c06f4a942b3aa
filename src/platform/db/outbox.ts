import { createHash } from 'node:crypto';
import type { Envelope } from '../events.ts';
import type { Database, Statement } from './postgres.ts';
import type { Session } from './session.ts';
import { schemaOf } from './store.ts';

/** An event that is committed and waits, with its place in the outbox of its service. */
export interface WaitingEvent extends Envelope {
  readonly position: number;
}

/** Service name to places in its outbox. */
export type Places = ReadonlyMap<string, readonly number[]>;

/** The outboxes of some services in one database, as the relay sees them. */
export interface Outboxes {
  /**
   * Forgets the events that are `published` and answers those that wait, at most `limit` of each service, in the
   * order of each, in one statement.
   */
  next(services: readonly string[], published: Places, limit: number): Promise<WaitingEvent[]>;
  /** Tells relays in other processes that something waits. */
  wakeOthers(): Promise<void>;
}

/** Where committed events wait, and which process may bring them on. */
export interface EventSource {
  readonly outboxes: Outboxes;
  /** One process leads for each service, by a lock that ends with it. */
  readonly leading: Pick<Session, 'claim' | 'holds' | 'yield'>;
  /** Calls back after each save of this process. */
  onAnnounced(listener: () => void): void;
  /** Calls back when another process tells that something waits. */
  onNews(heard: () => void): Promise<void>;
  /** After the last batch. */
  close?(): Promise<void>;
}

type Row = Omit<WaitingEvent, 'causation' | 'about'> & { causation: string | null; about: string | null };

/** The outboxes in a database. */
function outboxesIn(db: Database): Outboxes {
  const statements = new Map<string, Statement>();

  function statement(services: readonly string[]): Statement {
    const which = services.join(' ');
    // PostgreSQL takes names of up to 63 characters, however many services there are.
    const name = `outboxes ${createHash('sha256').update(which).digest('hex').slice(0, 16)}`;
    const made = statements.get(which) ?? { name, text: nextText(services) };
    statements.set(which, made);
    return made;
  }

  return {
    async wakeOthers() {
      await db.query(WAKE);
    },
    async next(services, published, limit) {
      const places = services.map((service) => published.get(service) ?? []);
      const rows = await db.query<Row>(statement(services), [limit, ...places]);
      return rows.map(({ causation, about, ...row }) => ({
        ...row,
        causation: causation ?? undefined,
        about: about ?? undefined,
      }));
    },
  };
}

/** The outboxes of a database, as a relay needs them. */
export function eventsIn(db: Database, session: Session): EventSource {
  return {
    outboxes: outboxesIn(db),
    leading: session,
    onAnnounced: db.onAnnounced,
    onNews: (heard) => session.listen(OUTBOX_CHANNEL, heard),
  };
}

/** Where relays are told. */
const OUTBOX_CHANNEL = 'tradepost_outbox';
const WAKE = { name: 'wake relays', text: `select pg_notify('${OUTBOX_CHANNEL}', '')` };

const FIELDS = 'position, id, type, subject, time, trace, correlation, causation, actor, about, data::text as data';

// There is no "greater than the last one": places are given out before the commit, so a lower one may come later.
function nextText(services: readonly string[]): string {
  const gone = services.map(
    (service, n) => `gone_${n} as (delete from ${schemaOf(service)}.outbox where position = any($${n + 2}::bigint[]))`,
  );
  const waiting = services.map(
    (service, n) => `(select '${service}' as source, ${FIELDS} from ${schemaOf(service)}.outbox
      where position <> all($${n + 2}::bigint[]) order by position limit $1)`,
  );
  return `with ${gone.join(',\n')}\n${waiting.join('\nunion all\n')}`;
}
