import { createHash } from 'node:crypto';
import type { Assets } from '../assets.ts';
import type { Database, Sql } from './postgres.ts';

/**
 * Migrations: numbered SQL files, one transaction each, claimed under a lock, so that thirteen processes may
 * start at once. What has run is kept by name and checksum; a file that changed after it ran stops the start.
 */
export interface Migration {
  readonly name: string;
  readonly text: string;
}

export interface MigrationSet {
  /** The schema that the set owns, such as `tradepost_order`. */
  readonly schema: string;
  readonly migrations: readonly Migration[];
}

/** What a migration may ask for with `current_setting('tradepost.<name>', true)`. */
export type Settings = Readonly<Record<string, string>>;

/** The numbered files of a folder, in order, with `{{include <path>}}` and then `{{schema}}` filled in. */
export function readMigrations(assets: Assets, folder: string, schema: string): Migration[] {
  return assets.list(folder).map((name) => ({
    name,
    text: assets
      .read(`${folder}/${name}`)
      .replace(/\{\{include (\S+)\}\}/g, (_, path: string) => assets.read(path))
      .replaceAll('{{schema}}', schema),
  }));
}

const checksum = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

const LEDGER = 'tradepost_platform.migration';
const LOCK = 7_205_759_401;

/** Brings every set to its newest file. Returns what ran, as `schema/name`. */
export async function migrate(db: Database, sets: readonly MigrationSet[], settings: Settings = {}): Promise<string[]> {
  const before = await applied(db);
  if (pending(before, sets).length === 0) return [];
  await db.script(`
    begin;
    set local statement_timeout = 0;
    select pg_advisory_xact_lock(${LOCK});
    create schema if not exists tradepost_platform;
    create table if not exists ${LEDGER} (
      schema text not null, name text not null, checksum text not null,
      applied_at timestamptz not null default now(), primary key (schema, name)
    );
    commit;`);
  const ran: string[] = [];
  for (const { schema, migration } of pending(before, sets)) {
    const claimed = await db.transaction(async (sql) => {
      for (const [name, value] of Object.entries(settings)) {
        await sql.query({ name: '', text: 'select set_config($1, $2, true)' }, [`tradepost.${name}`, value]);
      }
      return runOne(sql, schema, migration);
    });
    if (claimed) ran.push(`${schema}/${migration.name}`);
  }
  return ran;
}

/** What has not run yet, without running it. */
export async function pendingMigrations(db: Database, sets: readonly MigrationSet[]): Promise<string[]> {
  return pending(await applied(db), sets).map(({ schema, migration }) => `${schema}/${migration.name}`);
}

async function runOne(sql: Sql, schema: string, migration: Migration): Promise<boolean> {
  // Before the lock: another process may take its time with a migration of its own.
  await sql.script('set local statement_timeout = 0');
  await sql.query({ name: '', text: 'select pg_advisory_xact_lock($1)' }, [LOCK]);
  const [done] = await sql.query({ name: '', text: `select 1 from ${LEDGER} where schema = $1 and name = $2` }, [
    schema,
    migration.name,
  ]);
  if (done) return false;
  await sql.script(migration.text);
  await sql.query({ name: '', text: `insert into ${LEDGER} (schema, name, checksum) values ($1, $2, $3)` }, [
    schema,
    migration.name,
    checksum(migration.text),
  ]);
  return true;
}

async function applied(db: Database): Promise<Map<string, string>> {
  const [ledger] = await db.query<{ there: boolean }>({
    name: '',
    text: `select to_regclass('${LEDGER}') is not null as there`,
  });
  if (!ledger?.there) return new Map();
  const rows = await db.query<{ key: string; checksum: string }>({
    name: '',
    text: `select schema || '/' || name as key, checksum from ${LEDGER}`,
  });
  return new Map(rows.map((row) => [row.key, row.checksum]));
}

function pending(
  before: Map<string, string>,
  sets: readonly MigrationSet[],
): { schema: string; migration: Migration }[] {
  const all = sets.flatMap(({ schema, migrations }) => migrations.map((migration) => ({ schema, migration })));
  return all.filter(({ schema, migration }) => {
    const known = before.get(`${schema}/${migration.name}`);
    if (known !== undefined && known !== checksum(migration.text)) {
      throw new Error(
        `The migration ${schema}/${migration.name} was changed after it ran on this database; put it back and write a new one.`,
      );
    }
    return known === undefined;
  });
}
