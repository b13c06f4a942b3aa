import { type ClickHouse, databaseOf } from './engine.ts';
import { mutate } from './mutation.ts';

/**
 * Forgets the marks that came from another store and are older than `days`. Those of this store are in the rows of
 * the states, which are all kept: each version of an order is what it was at a time.
 */
export async function forgetMarks(engine: ClickHouse, service: string, days: number): Promise<void> {
  const table = `${databaseOf(engine, service)}.kept_mark`;
  const old = 'at < now64(3) - toIntervalDay({days:UInt32})';
  const [row] = await engine.query(`select 1 from ${table} where ${old} limit 1`, { days });
  if (row) await mutate(engine, table, `delete where ${old}`, { days });
}

/** Forgets the processes that were seen last `days` ago, but for the last that came: the places go on from it. */
export async function forgetProcesses(engine: ClickHouse, service: string, days: number): Promise<void> {
  const table = `${databaseOf(engine, service)}.process`;
  const old = `seen_at < now64(3) - toIntervalDay({days:UInt32}) and position < (select max(position) from ${table})`;
  const [row] = await engine.query(`select 1 from ${table} where ${old} limit 1`, { days });
  if (row) await mutate(engine, table, `delete where ${old}`, { days });
}
