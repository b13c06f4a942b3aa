import type { Databases } from './databases.ts';
import type { Database } from './postgres.ts';
import { schemaOf } from './store/store.ts';

/**
 * What a migration that took over rows of older tables has to say about them: it leaves a line for each in the table
 * `takeover_report` of its schema, and each line is said once, by whichever process comes first.
 */
export interface LegacyImportNote {
  readonly entity: string;
  readonly old_id: number | null;
  readonly name: string;
  readonly problem: string;
}

/** The lines that nobody has been told yet; from now on they count as told. */
export async function legacyImportNotes(
  services: readonly string[],
  { database }: Databases,
): Promise<LegacyImportNote[]> {
  const notes: LegacyImportNote[] = [];
  for (const [db, here] of Map.groupBy(services, database)) {
    const tables = here.map((service) => `${schemaOf(service)}.takeover_report`);
    const text = 'select t as table from unnest($1::text[]) t where to_regclass(t) is not null';
    const there = await db.query<{ table: string }>({ name: '', text }, [tables]);
    for (const { table } of there) notes.push(...(await unreportedNotes(db, table)));
  }
  return notes;
}

async function unreportedNotes(db: Database, table: string): Promise<LegacyImportNote[]> {
  const text = `with told as (
      update ${table} set shown_at = now() where shown_at is null returning entity, old_id, name, problem)
    select * from told order by entity, old_id, problem`;
  return db.query<LegacyImportNote>({ name: '', text });
}

/** `user 7 'Alice': an older account has this name …` */
export function legacyImportText({ entity, old_id, name, problem }: LegacyImportNote): string {
  return `${entity} ${old_id === null ? '' : `${old_id} `}'${name}': ${problem}`;
}
