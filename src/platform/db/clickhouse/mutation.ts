import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouse, Params } from './engine.ts';

/** How long a table may take to be written anew. */
const SECONDS = 600;
const LONGEST_PAUSE_MS = 1_000;

/**
 * Changes or deletes rows that are there, and comes back when it is done: `change` is what follows `alter table …`.
 * The engine works at it beside the statements of others: one that waited for it would keep the one session that
 * writes in this process from anything else. Throws when it takes longer than ten minutes; the engine goes on then.
 */
export async function mutate(engine: ClickHouse, table: string, change: string, params: Params): Promise<void> {
  await engine.command(`alter table ${table} ${change} settings mutations_sync = 0`, params);
  const text = `select mutation_id, latest_fail_reason as reason from system.mutations
    where concat(database, '.', table) = {table:String} and not is_done limit 1`;
  const end = performance.now() + SECONDS * 1_000;
  for (let pause = 5; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    const [left] = await engine.query<{ mutation_id: string; reason: string }>(text, { table });
    if (!left) return;
    if (performance.now() > end) {
      throw new Error(`${table} is not written anew yet (${left.mutation_id}): ${left.reason || 'it takes long'}`);
    }
    await sleep(pause);
  }
}
