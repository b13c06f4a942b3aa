import type { Envelope } from '../../contract/events.ts';
import type { Database } from './postgres.ts';

export const BUS_SCHEMA = 'tradepost_bus';

/** An event with its place in the log. */
export interface LoggedEvent extends Envelope {
  readonly position: number;
}

/** What an append says: the place of the event before, and those of the first and the last one appended. */
export interface Appended {
  readonly previous: number;
  readonly first: number;
  readonly last: number;
}

/** Where a reader goes on. */
export interface ReaderPlace {
  readonly position: number;
  /** Where it stood, when that is no place of this log any more; how many it has missed, as far as that is known. */
  readonly gone?: { readonly kept: number; readonly missed?: number };
}

/** The log in PostgreSQL that the embedded bus is. */
export interface LogStore {
  append(events: readonly Envelope[]): Promise<Appended>;
  /** What follows `position`, in order. The payload of a type that nobody wants is left out. */
  after(position: number, wanted: readonly string[], limit: number): Promise<LoggedEvent[]>;
  /** How far a reader has come; a new one begins before the oldest event. */
  placeOf(reader: string): Promise<ReaderPlace>;
  moveTo(reader: string, position: number): Promise<void>;
  /**
   * Forgets what is older than so many days and what every reader is done with that moved within them: one that did
   * not belongs to a group that is gone. Returns how many.
   */
  forget(days: number): Promise<number>;
}

type Row = Omit<LoggedEvent, 'causation' | 'about'> & { causation: string | null; about: string | null };

/** Opens the log of a database whose schema is there. */
export function logStore(db: Database): LogStore {
  return {
    async append(events) {
      // Only what the log keeps, with its order: `n` survives a join, a bare list need not.
      const rows = events.map(
        ({ id, source, type, subject, time, trace, correlation, causation, actor, about, data }, n) => ({
          n,
          id,
          source,
          type,
          subject,
          time,
          trace,
          correlation,
          causation,
          actor,
          about,
          data,
        }),
      );
      const [appended] = await db.query<Appended>(APPEND, [JSON.stringify(rows)]);
      if (!appended) throw new Error('the log answered nothing to an append');
      return appended;
    },
    async after(position, wanted, limit) {
      const rows = await db.query<Row>(AFTER, [position, wanted, limit]);
      return rows.map(({ causation, about, ...row }) => ({
        ...row,
        causation: causation ?? undefined,
        about: about ?? undefined,
      }));
    },
    async placeOf(reader) {
      const [row] = await db.query<PlaceRow>(PLACE, [reader]);
      if (!row || row.fresh) return { position: row?.position ?? 0 };
      const { position: kept, forgotten, last } = row;
      if (kept > last) {
        await db.query(START_ANEW, [reader]);
        return { position: 0, gone: { kept } };
      }
      return kept < forgotten ? { position: forgotten, gone: { kept, missed: forgotten - kept } } : { position: kept };
    },
    async moveTo(reader, position) {
      await db.query(MOVE, [reader, position]);
    },
    async forget(days) {
      const [row] = await db.query<{ forgotten: number }>(FORGET, [days]);
      return row?.forgotten ?? 0;
    },
  };
}

const APPEND = {
  name: 'log append',
  text: `select previous, first, last from ${BUS_SCHEMA}.append($1::json)`,
};

const AFTER = {
  name: 'log after',
  text: `select position, id, source, type, subject, time, trace, correlation, causation, actor, about,
      case when type = any($2) then data::text else '' end as data
    from ${BUS_SCHEMA}.log where position > $1 order by position limit $3`,
};

interface PlaceRow {
  readonly position: number;
  readonly fresh: boolean;
  readonly forgotten: number;
  readonly last: number;
}

const PLACE = {
  name: 'log place',
  text: `with known as (
      insert into ${BUS_SCHEMA}.reader (name, position) select $1, position from ${BUS_SCHEMA}.forgotten
      on conflict do nothing returning position, true as fresh)
    select r.position, r.fresh, (select position from ${BUS_SCHEMA}.forgotten) as forgotten,
      coalesce(pg_sequence_last_value(pg_get_serial_sequence('${BUS_SCHEMA}.log', 'position')), 0) as last
    from (select * from known union all select position, false from ${BUS_SCHEMA}.reader where name = $1 limit 1) r`,
};

// The log is another one, whose positions begin anew.
const START_ANEW = {
  name: 'log start anew',
  text: `update ${BUS_SCHEMA}.reader set position = 0, moved_at = now() where name = $1`,
};

const MOVE = {
  name: 'log move',
  text: `update ${BUS_SCHEMA}.reader set position = $2, moved_at = now() where name = $1 and position < $2`,
};

const FORGET = {
  name: 'log forget',
  text: `with gone as (
      delete from ${BUS_SCHEMA}.log where appended_at < now() - make_interval(days => $1)
        and position <= (select coalesce(min(position), 0) from ${BUS_SCHEMA}.reader
          where moved_at > now() - make_interval(days => $1)) returning position),
      noted as (
        update ${BUS_SCHEMA}.forgotten f set position = greatest(f.position, g.last)
        from (select max(position) as last from gone) g where g.last is not null)
    select count(*) as forgotten from gone`,
};
