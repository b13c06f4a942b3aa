import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdb } from '../../src/platform/db/clickhouse/chdb.ts';
import { type ClickHouse, databaseOf } from '../../src/platform/db/clickhouse/engine.ts';
import { migrateClickHouse } from '../../src/platform/db/clickhouse/migrate.ts';
import { clickhouseSet } from '../../src/platform/db/clickhouse/migration-set.ts';
import { processLocks } from '../../src/platform/db/clickhouse/writers/locks.ts';
import { startPostgres } from '../../src/platform/db/postgres/embedded/embedded.ts';
import { migrate } from '../../src/platform/db/postgres/migrate.ts';
import { migrationSet } from '../../src/platform/db/postgres/migration-set.ts';
import { type Database, openDatabase } from '../../src/platform/db/postgres/postgres.ts';
import { schemaOf } from '../../src/platform/db/postgres/store/store.ts';

const HEAD = '-- What the migrations of this folder and of the platform add up to. Made by `npm run docs`; never run.';

/** Where the schema of a service is kept, to read and to compare. */
export function schemaFile(service: string, driver: 'postgres' | 'clickhouse'): string {
  return `src/services/${service}/migrations/${driver}/schema.sql`;
}

/** The schema of each service in PostgreSQL after all its migrations: file to text. */
export async function postgresDumps(services: readonly string[]): Promise<Record<string, string>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-docs-'));
  const server = await startPostgres({ dataDir, settings: { fsync: 'off' } });
  const db = openDatabase(server.url);
  try {
    await migrate(db, services.map(migrationSet));
    const dumps: Record<string, string> = {};
    for (const service of services) {
      dumps[schemaFile(service, 'postgres')] = await dump(db, schemaOf(service));
    }
    return dumps;
  } finally {
    await db.close();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** The same in ClickHouse. Throws EngineMissing without chDB. */
export async function clickhouseDumps(services: readonly string[]): Promise<Record<string, string>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-docs-'));
  try {
    const engine = await openChdb({ dataDir, prefix: 'tradepost' });
    try {
      const sets = services.map((service) => clickhouseSet(engine, service));
      await migrateClickHouse(engine, processLocks(), sets);
      const dumps: Record<string, string> = {};
      for (const service of services) dumps[schemaFile(service, 'clickhouse')] = await dumpDatabase(engine, service);
      return dumps;
    } finally {
      await engine.close();
    }
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

// What a materialized view keeps for itself is told with the view.
const OBJECTS = `select name from system.tables
  where database = {database:String} and not startsWith(name, '.inner') order by name`;

async function dumpDatabase(engine: ClickHouse, service: string): Promise<string> {
  const database = databaseOf(engine, service);
  const objects = await engine.query<{ name: string }>(OBJECTS, { database });
  const parts: string[] = [];
  for (const { name } of objects) {
    const params = { database, name };
    const text = 'show create table {database:Identifier}.{name:Identifier}';
    const [row] = await engine.query<{ statement: string }>(text, params);
    parts.push(`${row?.statement};`);
  }
  return `${[HEAD, `CREATE DATABASE ${database};`, ...parts].join('\n\n')}\n`;
}

async function dump(db: Database, schema: string): Promise<string> {
  const parts: string[] = [];
  for (const text of [SEQUENCES, TABLES, INDEXES, FUNCTIONS, TRIGGERS]) {
    const rows = await db.query<{ text: string }>({ name: '', text }, [schema]);
    if (rows.length > 0)
      parts.push(
        rows
          .map((row) => row.text)
          .join('\n')
          .trimEnd(),
      );
  }
  return `${[HEAD, `create schema ${schema};`, ...parts].join('\n\n')}\n`;
}

// Identity columns have sequences of their own, which are told with the column.
const SEQUENCES = `
  select format('create sequence %s;', c.oid::regclass) as text
  from pg_class c
  where c.relnamespace = $1::regnamespace and c.relkind = 'S'
    and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('i', 'a'))
  order by c.relname`;

const TABLES = `
  select format(E'create table %s (\\n%s\\n)%s;\\n', c.oid::regclass,
    (select string_agg('  ' || line, E',\\n' order by place, line) from (
      select a.attnum as place, format('%I %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
        case when a.attnotnull then ' not null' else '' end,
        case when a.attidentity <> '' then ' generated always as identity'
          when a.attgenerated = 's' then format(' generated always as (%s) stored', pg_get_expr(d.adbin, d.adrelid))
          when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid)
          else '' end) as line
      from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      union all
      select 10000, format('constraint %I %s', n.conname, pg_get_constraintdef(n.oid))
      from pg_constraint n where n.conrelid = c.oid and n.contype <> 'n'
    ) lines),
    case when c.reloptions is null then '' else format(' with (%s)', array_to_string(c.reloptions, ', ')) end) as text
  from pg_class c
  where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p')
  order by c.relname`;

// The indexes of constraints are told with their constraints.
const INDEXES = `
  select pg_get_indexdef(i.indexrelid) || ';' as text
  from pg_index i join pg_class c on c.oid = i.indexrelid
  where c.relnamespace = $1::regnamespace
    and not exists (select from pg_constraint n where n.conindid = i.indexrelid)
  order by c.relname`;

const FUNCTIONS = `
  select pg_get_functiondef(p.oid) || ';' as text
  from pg_proc p where p.pronamespace = $1::regnamespace order by p.proname`;

const TRIGGERS = `
  select pg_get_triggerdef(t.oid) || ';' as text
  from pg_trigger t join pg_class c on c.oid = t.tgrelid
  where c.relnamespace = $1::regnamespace and not t.tgisinternal order by t.tgname`;
