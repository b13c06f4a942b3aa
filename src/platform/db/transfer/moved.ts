import { type ClickHouse, databaseOf } from '../clickhouse/engine.ts';
import type { Database, Sql } from '../postgres/postgres.ts';
import { hasClickHouseTable, LEDGER, rowsIf } from './there.ts';

/** What a store keeps of a service that a finished copy has taken elsewhere. */
export interface Moved {
  readonly service: string;
  /** Where it went, for a person. */
  readonly target: string;
  /** The copy that took it there; the target keeps it too. */
  readonly copy: string;
  /** When, ISO 8601. */
  readonly at: string;
}

/** Where services went from a database of PostgreSQL. */
const MOVED = 'tradepost_platform.moved';

/** Makes that table. */
export const MAKE_MOVED = `create schema if not exists tradepost_platform;
  create table if not exists ${MOVED} (
    service text primary key, target text not null, copy text not null, at timestamptz not null)`;

const KEEP = `insert into ${MOVED} (service, target, copy, at)
  select service, target, copy, at from json_to_recordset($1::json) as r(service text, target text, copy text, at timestamptz)
  on conflict (service) do update set target = excluded.target, copy = excluded.copy, at = excluded.at`;

/** Keeps in PostgreSQL that services went elsewhere. The table is there. */
export async function keepMoved(db: Database, moved: readonly Moved[]): Promise<void> {
  await db.query({ name: '', text: KEEP }, [JSON.stringify(moved)]);
}

/** Which of these services went elsewhere from a database. Those whose tables were dropped since are left out. */
export const movedFromPostgres = (db: Database, services: readonly string[]): Promise<Moved[]> =>
  rowsIf<Moved>(
    db,
    MOVED,
    `select service, target, copy, at from ${MOVED} where service = any($1)
      and exists (select 1 from ${LEDGER} m where m.schema = 'tradepost_' || service) order by service`,
    [services],
  );

/** Takes the marks of services away. */
export async function forgetMoved(sql: Sql, services: readonly string[]): Promise<void> {
  const [known] = await sql.query({ name: '', text: 'select 1 where to_regclass($1) is not null' }, [MOVED]);
  if (known) await sql.query({ name: '', text: `delete from ${MOVED} where service = any($1)` }, [services]);
}

/** The last row of a service counts; one without a target says that it is back. */
const MAKE_ROWS = `create table if not exists {{table}} (
  service String, target String, copy String, at DateTime64(3, 'UTC'), number UInt64
) engine = MergeTree order by (service, number) settings fsync_after_insert = 1, fsync_part_directory = 1`;

const tableIn = (engine: ClickHouse): string => `${databaseOf(engine, 'platform')}.moved`;

/** Makes the table where ClickHouse keeps it. */
export const makeMovedRows = (engine: ClickHouse): Promise<void> =>
  engine.command(MAKE_ROWS.replace('{{table}}', tableIn(engine)));

/** Keeps in ClickHouse that services went elsewhere. The table is there. */
export async function keepMovedRows(engine: ClickHouse, moved: readonly Moved[]): Promise<void> {
  const table = tableIn(engine);
  const [last] = await engine.query<{ number: number }>(`select max(number) as number from ${table}`);
  const before = last?.number ?? 0;
  await engine.insert(
    table,
    moved.map((row, n) => ({ ...row, number: before + n + 1 })),
  );
}

const READ = `select service, argMax(target, number) as target, argMax(copy, number) as copy,
    argMax(at, number) as last_at from {{table}} where service in {services:Array(String)}
  group by service having target != '' order by service`;

async function marksIn(engine: ClickHouse, services: readonly string[]): Promise<Moved[]> {
  if (!(await hasClickHouseTable(engine, databaseOf(engine, 'platform'), 'moved'))) return [];
  const text = READ.replace('{{table}}', tableIn(engine));
  const rows = await engine.query<Omit<Moved, 'at'> & { last_at: string }>(text, { services });
  return rows.map(({ last_at: at, ...row }) => ({ ...row, at }));
}

/** Which of these services went elsewhere from ClickHouse. Those whose tables were dropped since are left out. */
export async function movedFromClickHouse(engine: ClickHouse, services: readonly string[]): Promise<Moved[]> {
  const marks = await marksIn(engine, services);
  if (marks.length === 0) return [];
  const text = `select distinct schema from ${databaseOf(engine, 'platform')}.migration`;
  const ran = new Set((await engine.query<{ schema: string }>(text)).map(({ schema }) => schema));
  return marks.filter(({ service }) => ran.has(databaseOf(engine, service)));
}

/** Takes the marks of services away. */
export async function forgetMovedRows(engine: ClickHouse, services: readonly string[]): Promise<void> {
  const marks = await marksIn(engine, services);
  const at = new Date().toISOString();
  if (marks.length === 0) return;
  const back = marks.map(({ service }) => ({ service, target: '', copy: '', at }));
  await keepMovedRows(engine, back);
}

/** The sentence for a person who starts, migrates or looks at a store that services have left. */
export function movedSentence(moved: readonly Moved[], where: string, store: 'postgres' | 'clickhouse'): string {
  const other = store === 'postgres' ? 'clickhouse' : 'postgres';
  const names = moved.map(({ service }) => service);
  const places = [...new Set(moved.map(({ target }) => target))].join(' and ');
  const at = moved
    .map((one) => one.at)
    .sort()
    .at(-1);
  const own = names.length === 1 ? names.join('').toUpperCase() : '<SERVICE>';
  return `${names.join(', ')} went from ${where} to ${places} on ${at}, so what is here is old: start with what is there (DB_DRIVER=${other}, or ${own}_DB_DRIVER=${other}), or copy it back from there with \`tradepost db copy --from ${other} --to ${store} --only ${names.join(',')}\`, or give up what was done there with \`tradepost db release --on ${store} --only ${names.join(',')}\`.`;
}
