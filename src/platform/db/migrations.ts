import { createHash } from 'node:crypto';
import type { Assets } from '../app/assets.ts';
import { UnfitDatabase } from './postgres/unfit.ts';

/**
 * Migrations: numbered SQL files, claimed under a lock, so that thirteen processes may start at once. What has run is
 * kept by name and checksum; a file that changed after it ran stops the start. How one runs is the engine's affair:
 * PostgreSQL runs a file in a transaction, ClickHouse statement by statement, each of which may run again.
 */
export interface Migration {
  readonly name: string;
  readonly text: string;
}

export interface MigrationSet {
  /** The schema or database that the set owns, such as `tradepost_order`. */
  readonly schema: string;
  readonly migrations: readonly Migration[];
}

/** Where an engine writes down what has run. */
export interface MigrationLedger {
  /** `schema/name` to the checksum that it had. */
  applied(): Promise<ReadonlyMap<string, string>>;
  /** Makes the ledger itself, if it is not there. */
  prepare(): Promise<void>;
  /** Runs one and writes it down, alone. False: another process has done so meanwhile. */
  run(schema: string, migration: Migration, checksum: string): Promise<boolean>;
}

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

const hash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);

// A checkout may end its lines as Windows does: the file is the same.
const checksum = (text: string): string => hash(text.replaceAll('\r\n', '\n'));

/** Whether what ran is this text; a version before this one hashed the lines as they ended. */
const isSame = (known: string, text: string): boolean =>
  known === checksum(text) || known === hash(text) || known === hash(text.replace(/\r?\n/g, '\r\n'));

/** Brings every set to its newest file. Returns what ran, as `schema/name`. */
export async function runMigrations(ledger: MigrationLedger, sets: readonly MigrationSet[]): Promise<string[]> {
  const before = await ledger.applied();
  refuseNewer(before, sets);
  const open = pending(before, sets);
  if (open.length === 0) return [];
  await ledger.prepare();
  const ran: string[] = [];
  for (const { schema, migration } of open) {
    if (await ledger.run(schema, migration, checksum(migration.text))) ran.push(`${schema}/${migration.name}`);
  }
  return ran;
}

/** Of what has run, as `schema/name`, what only a newer version knows. */
export function newerIn(applied: readonly string[], sets: readonly MigrationSet[]): string[] {
  const ours = new Set(sets.map(({ schema }) => schema));
  const known = new Set(sets.flatMap(({ schema, migrations }) => migrations.map(({ name }) => `${schema}/${name}`)));
  return applied.filter((key) => ours.has(key.split('/')[0] ?? '') && !known.has(key));
}

// A version that does not know a migration does not know what became of the tables either.
function refuseNewer(before: ReadonlyMap<string, string>, sets: readonly MigrationSet[]): void {
  const newer = newerIn([...before.keys()], sets);
  if (newer.length === 0) return;
  throw new UnfitDatabase(
    `The database was migrated by a newer version of Tradepost (${newer.join(', ')} ran there, and this version does not know it); start that version or a later one.`,
  );
}

/** What has not run yet, without running it. Throws UnfitDatabase as the run would. */
export async function notYetRun(ledger: MigrationLedger, sets: readonly MigrationSet[]): Promise<string[]> {
  const before = await ledger.applied();
  refuseNewer(before, sets);
  return pending(before, sets).map(({ schema, migration }) => `${schema}/${migration.name}`);
}

function pending(
  before: ReadonlyMap<string, string>,
  sets: readonly MigrationSet[],
): { schema: string; migration: Migration }[] {
  const all = sets.flatMap(({ schema, migrations }) => migrations.map((migration) => ({ schema, migration })));
  return all.filter(({ schema, migration }) => {
    const known = before.get(`${schema}/${migration.name}`);
    if (known !== undefined && !isSame(known, migration.text)) {
      throw new Error(
        `The migration ${schema}/${migration.name} was changed after it ran on this database; put it back and write a new one.`,
      );
    }
    return known === undefined;
  });
}
