import type { Engines } from '../engines.ts';
import type { Database } from './postgres.ts';
import { schemaOf } from './store.ts';

/**
 * What a migration that took over rows of older tables has to say about them: it leaves a line for each in the table
 * `takeover_report` of its schema, and each line is said once, by whichever process comes first.
 */
export interface TakeoverNote {
  readonly entity: string;
  readonly old_id: number | null;
  readonly name: string;
  readonly problem: string;
}

/** The lines that nobody has been told yet; from now on they count as told. */
export async function takeoverNotes(services: readonly string[], engines: Engines): Promise<TakeoverNote[]> {
  const notes: TakeoverNote[] = [];
  for (const service of services) {
    // Older tables are in PostgreSQL, and are taken over there.
    if (engines.isOnClickHouse(service)) continue;
    notes.push(...(await tell(engines.database(service), schemaOf(service))));
  }
  return notes;
}

async function tell(db: Database, schema: string): Promise<TakeoverNote[]> {
  const table = `${schema}.takeover_report`;
  const there = `select to_regclass('${table}') is not null as there`;
  const [known] = await db.query<{ there: boolean }>({ name: '', text: there });
  if (!known?.there) return [];
  const text = `with told as (
      update ${table} set shown_at = now() where shown_at is null returning entity, old_id, name, problem)
    select * from told order by entity, old_id, problem`;
  return db.query<TakeoverNote>({ name: '', text });
}

/** `user 7 'Alice': an older account has this name …` */
export function takeoverText({ entity, old_id, name, problem }: TakeoverNote): string {
  return `${entity} ${old_id === null ? '' : `${old_id} `}'${name}': ${problem}`;
}
