import type { Database } from '../postgres.ts';
import { schemaOf } from './store.ts';

/** So many at once: a long delete would hold back everything that cleans up behind it. */
const CHUNK = 5_000;

/**
 * Forgets what nobody can ask for again: the marks of handled events and the answers to Idempotency-Keys of a
 * service that are older than `days`. Returns how many rows went.
 */
export async function forgetOld(db: Database, service: string, days: number): Promise<number> {
  const schema = schemaOf(service);
  const marks = await inChunks(db, `${schema}.inbox`, 'handled_at', days);
  return marks + (await inChunks(db, `${schema}.request`, 'created_at', days));
}

async function inChunks(db: Database, table: string, column: string, days: number): Promise<number> {
  const text = `with gone as (delete from ${table} where ctid = any(array(
      select ctid from ${table} where ${column} < now() - make_interval(days => $1) limit $2)) returning 1)
    select count(*) as count from gone`;
  for (let all = 0; ; ) {
    const [row] = await db.query<{ count: number }>({ name: `forget ${table}`, text }, [days, CHUNK]);
    const count = row?.count ?? 0;
    all += count;
    if (count < CHUNK) return all;
  }
}
