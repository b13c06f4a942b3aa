import type { Log } from '../../../observability/log.ts';
import type { Databases } from '../databases.ts';
import type { Database, Sql } from '../postgres.ts';
import { schemaOf } from './store.ts';

/** A sequence and the column that has its values: an identity, or the ids that `<what>_ids` gives `<what>_id`. */
export interface Series {
  readonly sequence: string;
  readonly table: string;
  readonly column: string;
}

// A column of that name that a primary key begins with, so that its greatest value is found without a look at all.
const SERIES = `select format('%I.%I', n.nspname, s.relname) as sequence, format('%I.%I', n.nspname, t.relname) as "table",
    quote_ident(a.attname) as "column"
  from pg_class s join pg_namespace n on n.oid = s.relnamespace
    join pg_class t on t.relnamespace = n.oid and t.relkind = 'r'
    join pg_index i on i.indrelid = t.oid and i.indisprimary
    join pg_attribute a on a.attrelid = t.oid and a.attnum = i.indkey[0]
  where s.relkind = 'S' and n.nspname = any($1)
    and (s.relname = a.attname || 's' or right(s.relname, length(a.attname) + 2) = '_' || a.attname || 's' or exists (
      select from pg_depend d where d.objid = s.oid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
        and d.refobjid = t.oid and d.refobjsubid = a.attnum))
  order by 1`;

/**
 * Brings every sequence above the values that are in use, and forgets what came back to it: a restore may leave either
 * behind the table, and the next ids would be those of other things. Tells the log which were behind.
 */
export async function raiseSequences(
  services: readonly string[],
  { database }: Pick<Databases, 'database'>,
  log: Pick<Log, 'warn'>,
): Promise<void> {
  for (const [db, here] of Map.groupBy(services, database)) {
    for (const { sequence, table } of await raiseIn(db, here)) {
      log.warn({ sequence, table }, 'a sequence was behind the ids in use, as after a restore; it goes on above them');
    }
  }
}

/** The sequences of some services in a database. */
export async function seriesOf(db: Database, services: readonly string[]): Promise<Series[]> {
  return db.query<Series>({ name: '', text: SERIES }, [services.map(schemaOf)]);
}

async function raiseIn(db: Database, services: readonly string[]): Promise<Series[]> {
  const all = await seriesOf(db, services);
  if (all.length === 0) return [];
  const late = await db.query<{ nth: number }>({ name: '', text: all.map(behind).join(' union all ') });
  const raised = late.flatMap(({ nth }) => all[nth] ?? []);
  for (const one of raised) await db.transaction((sql) => raise(sql, one));
  return raised;
}

const behind = (one: Series, nth: number): string =>
  `select ${nth} as nth from ${one.sequence} where last_value < (select max(${one.column}) from ${one.table})
    or exists (select from ${returnedIn(one)} where sequence = '${one.sequence}' and id in (select ${one.column} from ${one.table}))`;

/** The table of those ids of a sequence that were not used. */
const returnedIn = ({ sequence }: Series): string => `${sequence.slice(0, sequence.lastIndexOf('.'))}.id_returned`;

async function raise(sql: Sql, one: Series): Promise<void> {
  const { sequence, table, column } = one;
  // Changes nothing but takes the lock that lets nobody take an id meanwhile.
  await sql.script(`alter sequence ${sequence} increment by 1`);
  const text = `select setval('${sequence}', greatest(last_value, (select max(${column}) from ${table}))) from ${sequence}`;
  await sql.query({ name: '', text });
  // They are older than what is in use.
  await sql.query({ name: '', text: `delete from ${returnedIn(one)} where sequence = $1` }, [sequence]);
}
