import { createHash } from 'node:crypto';
import type { EventSource, Outboxes, WaitingEvent } from '../../outbox.ts';
import type { Database, Statement } from '../postgres.ts';
import type { DatabaseSession } from '../session.ts';
import { schemaOf } from './store.ts';

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
    async waiting(services) {
      const text = services.map(waitingText).join(' union all ');
      const rows = await db.query<{ service: string; events: number; since: string | null }>({ name: '', text });
      return rows.map(({ since, ...row }) => ({ ...row, since: since ?? undefined }));
    },
    async next(asked, limit) {
      const given = [...asked.values()].flatMap(({ done, held }) => [done.map(({ position }) => position), held]);
      const rows = await db.query<Row>(statement([...asked.keys()]), [limit, ...given]);
      return rows.map(({ causation, about, ...row }) => ({
        ...row,
        causation: causation ?? undefined,
        about: about ?? undefined,
      }));
    },
  };
}

/** The outboxes of a database, as a relay needs them. */
export function eventsIn(db: Database, session: DatabaseSession): EventSource {
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
    (service, n) =>
      `gone_${n} as (delete from ${schemaOf(service)}.outbox where position = any($${2 * n + 2}::bigint[]))`,
  );
  const waiting = services.map(
    (service, n) => `(select '${service}' as source, ${FIELDS} from ${schemaOf(service)}.outbox
      where position <> all($${2 * n + 2}::bigint[]) and subject <> all($${2 * n + 3}::text[])
      order by position limit $1)`,
  );
  return `with ${gone.join(',\n')}\n${waiting.join('\nunion all\n')}`;
}

const MOST_COUNTED = 100_000;

function waitingText(service: string): string {
  const outbox = `${schemaOf(service)}.outbox`;
  return `(select '${service}' as service,
    (select count(*) from (select 1 from ${outbox} limit ${MOST_COUNTED}) counted) as events,
    (select time from ${outbox} order by position limit 1) as since)`;
}
