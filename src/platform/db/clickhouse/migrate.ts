import { type MigrationLedger, type MigrationSet, notYetRun, runMigrations } from '../migrations.ts';
import { type ClickHouse, databaseOf } from './engine.ts';
import type { Locks } from './writers/locks.ts';

/** A statement of a migration may rewrite a table. */
const SECONDS = 86_400;

/** Brings every set to its newest file, statement by statement. Returns what ran, as `database/name`. */
export async function migrateClickHouse(
  engine: ClickHouse,
  locks: Locks,
  sets: readonly MigrationSet[],
): Promise<string[]> {
  return runMigrations(ledgerIn(engine, locks), sets);
}

/** What has not run yet, without running it. */
export async function pendingOnClickHouse(
  engine: ClickHouse,
  locks: Locks,
  sets: readonly MigrationSet[],
): Promise<string[]> {
  return notYetRun(ledgerIn(engine, locks), sets);
}

/** What has run, as `database/name`. */
export async function appliedOnClickHouse(engine: ClickHouse): Promise<string[]> {
  return [...(await applied(engine)).keys()];
}

async function applied(engine: ClickHouse): Promise<Map<string, string>> {
  const database = databaseOf(engine, 'platform');
  const there = await engine.query('select 1 as there from system.tables where database = {database:String}', {
    database,
  });
  if (there.length === 0) return new Map();
  const text = `select schema || '/' || name as key, checksum from ${database}.migration`;
  const rows = await engine.query<{ key: string; checksum: string }>(text);
  return new Map(rows.map((row) => [row.key, row.checksum]));
}

function ledgerIn(engine: ClickHouse, locks: Locks): MigrationLedger {
  const database = databaseOf(engine, 'platform');
  const table = `${database}.migration`;
  return {
    applied: () => applied(engine),
    async prepare() {
      await engine.command(`create database if not exists ${database}`);
      await engine.command(`create table if not exists ${table} (
        schema String, name String, checksum String, applied_at DateTime64(3, 'UTC') default now64(3)
      ) engine = MergeTree order by (schema, name)`);
    },
    run: (schema, { name, text }, checksum) =>
      locks.alone(`${database} migrations`, async () => {
        if ((await applied(engine)).has(`${schema}/${name}`)) return false;
        for (const statement of statementsOf(text)) await engine.command(statement, {}, { seconds: SECONDS });
        await engine.insert(table, [{ schema, name, checksum }]);
        return true;
      }),
  };
}

/** A line that ends in a semicolon ends a statement. */
function statementsOf(text: string): string[] {
  return text
    .split(/;[ \t]*(?:\n|$)/)
    .map((statement) => statement.replace(/^\s*--.*$/gm, '').trim())
    .filter((statement) => statement !== '');
}
