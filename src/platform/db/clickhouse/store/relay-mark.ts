import type { ClickHouse } from '../engine.ts';

/** How far the relay has come in the rows of a service, by its table `relay`: events up to this place are sent. */
export async function markOf(engine: ClickHouse, relay: string): Promise<number> {
  const [row] = await engine.query<{ mark: number }>(`select max(position) as mark from ${relay}`);
  return row?.mark ?? 0;
}
