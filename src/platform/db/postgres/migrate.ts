import { type Migration, type MigrationLedger, type MigrationSet, notYetRun, runMigrations } from '../migrations.ts';
import { checkFitness, missingRight } from './health/fitness.ts';
import type { Database, Sql } from './postgres.ts';

/** What a migration may ask for with `current_setting('tradepost.<name>', true)`. */
export type MigrationValues = Readonly<Record<string, string>>;

const LEDGER = 'tradepost_platform.migration';
const LOCK = 7_205_759_401;

/**
 * Brings every set to its newest file, one transaction each. Returns what ran, as `schema/name`. Throws UnfitDatabase
 * for a database that this program cannot stand on.
 */
export async function migrate(
  db: Database,
  sets: readonly MigrationSet[],
  settings: MigrationValues = {},
): Promise<string[]> {
  await checkFitness(db);
  try {
    return await runMigrations(ledgerIn(db, settings), sets);
  } catch (error) {
    throw (await missingRight(db, error)) ?? error;
  }
}

/** What has not run yet, without running it. */
export async function pendingMigrations(db: Database, sets: readonly MigrationSet[]): Promise<string[]> {
  return notYetRun(ledgerIn(db, {}), sets);
}

function ledgerIn(db: Database, settings: MigrationValues): MigrationLedger {
  return {
    applied: () => applied(db),
    prepare: () =>
      db.script(`
    begin;
    set local statement_timeout = 0;
    select pg_advisory_xact_lock(${LOCK});
    create schema if not exists tradepost_platform;
    create table if not exists ${LEDGER} (
      schema text not null, name text not null, checksum text not null,
      applied_at timestamptz not null default now(), primary key (schema, name)
    );
    commit;`),
    run: (schema, migration, checksum) =>
      db.transaction(async (sql) => {
        for (const [name, value] of Object.entries(settings)) {
          await sql.query({ name: '', text: 'select set_config($1, $2, true)' }, [`tradepost.${name}`, value]);
        }
        return runOne(sql, schema, migration, checksum);
      }),
  };
}

async function runOne(sql: Sql, schema: string, migration: Migration, checksum: string): Promise<boolean> {
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
    checksum,
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
