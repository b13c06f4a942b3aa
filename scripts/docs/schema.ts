import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../src/platform/db/embedded/embedded.ts';
import { migrate } from '../../src/platform/db/migrate.ts';
import { migrationSet } from '../../src/platform/db/module-migrations.ts';
import { type Database, openDatabase } from '../../src/platform/db/postgres.ts';
import { schemaOf } from '../../src/platform/db/store.ts';

/** The schema of each service after all its migrations, to read and to compare: file to text. */
export async function schemaDumps(services: readonly string[]): Promise<Record<string, string>> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-docs-'));
  const server = await startPostgres({ dataDir, settings: { fsync: 'off' } });
  const db = openDatabase(server.url);
  try {
    await migrate(db, services.map(migrationSet));
    const dumps: Record<string, string> = {};
    for (const service of services) {
      dumps[`src/services/${service}/migrations/postgres/schema.sql`] = await dump(db, schemaOf(service));
    }
    return dumps;
  } finally {
    await db.close();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
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
  const head =
    '-- What the migrations of this folder and of the platform add up to. Made by `npm run docs`; never run.';
  return `${[head, `create schema ${schema};`, ...parts].join('\n\n')}\n`;
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
