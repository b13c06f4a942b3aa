import { LETTERS_AT_ONCE, storableRow } from '../../letter.ts';
import type { Sql } from '../../postgres/postgres.ts';
import type { PagePosition, PortableRow, PostgresLocation, PostgresTable } from '../portable.ts';

interface Column {
  readonly name: string;
  readonly type: string;
}

/** A table whose rows are their own portable form: all columns that are not computed from others. */
export function plainTable(
  { db, schema }: PostgresLocation,
  own: string,
  key: readonly string[],
  name = own,
): PostgresTable {
  const table = `${schema}.${own}`;
  let known: Promise<readonly Column[]> | undefined;
  const columns = (sql: Sql): Promise<readonly Column[]> => {
    known ??= columnsOf(sql, table);
    return known;
  };
  return {
    name,
    key,
    count: () => countInPostgres(db, `select count(*) as count from ${table}`),
    async read(after, limit) {
      const selected = (await columns(db)).map(({ name, type }) =>
        type === 'bytea' ? `encode("${name}", 'hex') as "${name}"` : `"${name}"`,
      );
      const rows = await pageInPostgres(db, { select: selected.join(', '), from: table, key }, after, limit);
      return endingAt(rows, key);
    },
    async write(sql, rows) {
      await insertRows(sql, table, await columns(sql), rows);
    },
  };
}

/** Rows behind a place, in the order of a key that has an index. */
export function pageInPostgres(
  sql: Sql,
  { select, from, key }: { select: string; from: string; key: readonly string[] },
  after: PagePosition | undefined,
  limit: number,
): Promise<PortableRow[]> {
  const names = key.map((name) => `"${name}"`).join(', ');
  const given = key.map((_, n) => `$${n + 2}`).join(', ');
  const behind = after === undefined ? '' : `where (${names}) > (${given})`;
  const text = `select ${select} from ${from} ${behind} order by ${names} limit $1`;
  return sql.query<Record<string, unknown>>({ name: '', text }, [limit, ...(after ?? [])]);
}

/** The page that these rows are; undefined when there are none. */
export function endingAt(rows: readonly PortableRow[], key: readonly string[]) {
  const last = rows.at(-1);
  return last && { rows, end: key.map((name) => last[name] as string | number) };
}

/** Inserts rows of plain JSON into the columns that are named. */
export async function insertRows(
  sql: Sql,
  table: string,
  columns: readonly Column[],
  rows: readonly PortableRow[],
): Promise<void> {
  const names = columns.map(({ name }) => `"${name}"`).join(', ');
  const typed = columns.map(({ name, type }) => `"${name}" ${type === 'bytea' ? 'text' : type}`).join(', ');
  const values = columns.map(({ name, type }) => (type === 'bytea' ? `decode(r."${name}", 'hex')` : `r."${name}"`));
  const text = `insert into ${table} (${names}) overriding system value
    select ${values.join(', ')} from json_to_recordset($1::json) as r(${typed})`;
  await sql.query({ name: '', text }, [JSON.stringify(rows)]);
}

async function columnsOf(sql: Sql, table: string): Promise<Column[]> {
  const text = `select attname as name, format_type(atttypid, atttypmod) as type from pg_attribute
    where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`;
  return sql.query<Column>({ name: '', text }, [table]);
}

/** The `count` that a statement answers. */
export async function countInPostgres(sql: Sql, text: string): Promise<number> {
  const [row] = await sql.query<{ count: number }>({ name: '', text });
  return row?.count ?? 0;
}

/**
 * What every service keeps beside its own tables: answered requests, handled events, dead letters and ids. `series`
 * is the name of an id series to its sequence, as `pg_get_serial_sequence` or a migration names it.
 */
export function postgresPlatformTables(
  place: PostgresLocation,
  series: Readonly<Record<string, string>>,
): PostgresTable[] {
  return [
    plainTable(place, 'request', ['key'], 'requests'),
    plainTable(place, 'inbox', ['consumer', 'event_id'], 'marks'),
    deadLetters(place),
    idSeries(place, { ...series, dead_letters: 'dead_letter_id_seq' }),
  ];
}

const LETTER_FIELDS = 'id, consumer, event_id, envelope, error, attempts, failed_at';

// What its type, subject and time are, is in the envelope.
function deadLetters({ db, schema }: PostgresLocation): PostgresTable {
  const table = `${schema}.dead_letter`;
  return {
    name: 'dead_letters',
    key: ['id'],
    rowsAtOnce: LETTERS_AT_ONCE,
    count: () => countInPostgres(db, `select count(*) as count from ${table}`),
    async read(after, limit) {
      const rows = await pageInPostgres(db, { select: LETTER_FIELDS, from: table, key: ['id'] }, after, limit);
      return endingAt(rows.map(storableRow), ['id']);
    },
    async write(sql, rows) {
      const text = `insert into ${table} (${LETTER_FIELDS}, type, subject, time) overriding system value
        select ${LETTER_FIELDS}, coalesce(envelope ->> 'type', ''), coalesce(envelope ->> 'subject', ''),
          coalesce(nullif(envelope ->> 'time', '')::timestamptz, failed_at)
        from json_to_recordset($1::json) as r(id bigint, consumer text, event_id uuid, envelope json, error text,
          attempts integer, failed_at timestamptz)`;
      await sql.query({ name: '', text }, [JSON.stringify(rows)]);
    },
  };
}

function idSeries({ db, schema }: PostgresLocation, series: Readonly<Record<string, string>>): PostgresTable {
  async function all(): Promise<PortableRow[]> {
    const parts = Object.entries(series).map(
      ([name, sequence]) => `select '${name}' as name, last_value as last, is_called from ${schema}.${sequence}`,
    );
    const text = `select name, last from (${parts.join(' union all ')}) s where is_called order by name`;
    return db.query<{ name: string; last: number }>({ name: '', text });
  }
  return {
    name: 'ids',
    key: ['name'],
    count: async () => (await all()).length,
    read: async (after) => (after === undefined ? endingAt(await all(), ['name']) : undefined),
    async write(sql, rows) {
      for (const { name, last } of rows as { name: string; last: number }[]) {
        const sequence = series[name];
        if (!sequence) throw new Error(`${schema} has no sequence for the ids of ${name}`);
        await sql.query({ name: '', text: 'select setval($1::regclass, $2)' }, [`${schema}.${sequence}`, last]);
      }
    },
  };
}
