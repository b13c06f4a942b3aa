import { migrate } from '../../postgres/migrate.ts';
import { migrationSet } from '../../postgres/migration-set.ts';
import type { Database } from '../../postgres/postgres.ts';
import { schemaOf } from '../../postgres/store/store.ts';
import {
  type CopyEndpoint,
  type CopyProgress,
  type CopyStatus,
  copyStatusOf,
  type ProgressRow,
  placeText,
  schemaBy,
} from '../endpoint.ts';
import { forgetMoved, keepMoved, MAKE_MOVED, movedFromPostgres } from '../moved.ts';
import type { CopiedTables, PostgresTable } from '../portable.ts';
import { LEDGER, rowsIf } from '../there.ts';
import { countInPostgres } from './tables.ts';

/** How far copies into this database have come. */
export const PROGRESS = 'tradepost_platform.copy';

/** How the connections of a copy are called: whatever else is called after the product is the product itself. */
export const COPYING = 'tradepost copy';

interface PostgresSide {
  readonly copied: ReadonlyMap<string, CopiedTables>;
  readonly database: (service: string) => Database;
  /** Where that is, for a person. */
  readonly where: (service: string) => string;
  /** Settings that migrations ask for. */
  readonly settings: Readonly<Record<string, string>>;
}

/** PostgreSQL as an end of a copy. A page and the progress that it makes are one transaction. */
export function postgresEndpoint({ copied, database, where, settings }: PostgresSide): CopyEndpoint {
  const tablesOf = (service: string): readonly PostgresTable[] =>
    copied.get(service)?.postgres({ db: database(service), schema: schemaOf(service) }) ?? [];
  const tables = new Map([...copied.keys()].map((service) => [service, tablesOf(service)]));
  const databases = (services: readonly string[]) => new Set(services.map(database));
  const byDatabase = (services: readonly string[]) => Map.groupBy(services, database);

  return {
    driver: 'postgres',
    where,
    tables: (service) => tables.get(service) ?? [],
    inUse: (services) => connectionsTo(databases(services)),
    // A start asks nobody: that nothing else has connected is asked again at the end.
    async hold(services) {
      for (const db of databases(services)) await db.script(MAKE_MOVED);
    },
    status: (service) => statusIn(database(service), service),
    waiting: (service) =>
      countInPostgres(database(service), `select count(*) as count from ${schemaOf(service)}.outbox`),
    async prepare(services) {
      for (const [db, here] of byDatabase(services)) {
        await migrate(db, here.map(migrationSet), settings);
        await db.script(MAKE);
      }
    },
    async begin(service, table, progress) {
      await database(service).query({ name: '', text: KEEP }, keptValues(service, table, progress));
    },
    async write(service, table, rows, progress) {
      const target = tablesOf(service).find(({ name }) => name === table);
      if (!target) throw new Error(`${service} has no table ${table}`);
      await database(service).transaction(async (sql) => {
        await target.write(sql, rows);
        await sql.query({ name: '', text: KEEP }, keptValues(service, table, progress));
      });
    },
    async finish(services) {
      // Whoever reads next must not plan for tables that are thought to be empty.
      for (const [db, here] of byDatabase(services)) {
        await db.script('analyze');
        await db.query({ name: '', text: `update ${PROGRESS} set finished_at = now() where service = any($1)` }, [
          here,
        ]);
      }
    },
    async keepMoved(moved) {
      const gone = Map.groupBy(moved, ({ service }) => database(service));
      for (const [db, here] of gone) await keepMoved(db, here);
    },
    async release(services) {
      for (const [db, here] of byDatabase(services)) await forgetMoved(db, here);
    },
    empty: (service) => emptySchema(database(service), service),
  };
}

async function connectionsTo(databases: Iterable<Database>): Promise<string | undefined> {
  for (const db of databases) {
    const [user] = await db.query<User>({ name: '', text: USERS }, [COPYING]);
    if (user) return `${user.number} connection(s) of Tradepost to it are open, ${user.who}`;
  }
  return undefined;
}

async function statusIn(db: Database, service: string): Promise<CopyStatus> {
  const migrations = `select name from ${LEDGER} where schema = $1`;
  const ran = await rowsIf<{ name: string }>(db, LEDGER, migrations, [schemaOf(service)]);
  const known = migrationSet(service).migrations.map(({ name }) => name);
  const progress = await rowsIf<ProgressRow>(db, PROGRESS, READ, [service]);
  const names = ran.map(({ name }) => name);
  const [moved] = await movedFromPostgres(db, [service]);
  return copyStatusOf(schemaBy(names, known), progress, moved);
}

async function emptySchema(db: Database, service: string): Promise<void> {
  await db.transaction(async (sql) => {
    const tables = await sql.query<{ name: string }>({ name: '', text: TABLES }, [schemaOf(service)]);
    if (tables.length > 0) await sql.script(`truncate ${tables.map(({ name }) => name).join(', ')} restart identity`);
    await forgetMoved(sql, [service]);
  });
}

// The report of a legacy import belongs to this database alone: no copy takes it along.
const TABLES = `select format('%I.%I', schemaname, tablename) as name from pg_tables
  where schemaname = $1 and tablename <> 'takeover_report'`;

interface User {
  readonly number: number;
  readonly who: string;
}

const USERS = `select count(*) as number, 'since ' || to_char(min(backend_start), 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
    || coalesce(' from ' || string_agg(distinct host(client_addr), ', '), '') as who
  from pg_stat_activity where datname = current_database() and application_name like 'tradepost%'
    and application_name <> $1
  having count(*) > 0`;

const MAKE = `create schema if not exists tradepost_platform;
  create table if not exists ${PROGRESS} (
    service text not null, name text not null, copy text not null, source text not null, place text not null,
    written bigint not null, done boolean not null, finished_at timestamptz, primary key (service, name))`;

const READ = `select name, copy, source, place, written, done, finished_at from ${PROGRESS} where service = $1`;

const KEEP = `insert into ${PROGRESS} (service, name, copy, source, place, written, done)
  values ($1, $2, $3, $4, $5, $6, $7)
  on conflict (service, name) do update set copy = excluded.copy, source = excluded.source, place = excluded.place,
    written = excluded.written, done = excluded.done, finished_at = null`;

const keptValues = (service: string, table: string, progress: CopyProgress): unknown[] => {
  const { copy, source, rows, done } = progress;
  return [service, table, copy, source, placeText(progress), rows, done];
};
