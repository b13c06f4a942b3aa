import { randomUUID } from 'node:crypto';
import type { ClickHouseStore } from '../../../platform/db/clickhouse/store/store.ts';
import { analyticsErrors } from '../analytics.contract.ts';

/** How long the turn of one who does not say that he is still at it goes on. */
const TURN_SECONDS = 60;
const SAY_EVERY_MS = (TURN_SECONDS * 1_000) / 4;

/**
 * Runs `work` as the only one who makes the figures anew. Throws ANALYTICS_REBUILDING when another does, in whatever
 * process. Who dies meanwhile keeps the turn for a minute. The time is the engine's: all have the same.
 */
export async function aloneRebuilding<T>(
  { engine, database, writer }: Pick<ClickHouseStore, 'engine' | 'database' | 'writer'>,
  work: () => Promise<T>,
): Promise<T> {
  const turns = writer('rebuilding');
  const owner = randomUUID();
  const newest = `select argMax(owner, position) as holder, argMax(until, position) > now64(3) as held,
      now64(3) + toIntervalSecond({seconds:UInt32}) as end
    from ${database}.rebuilding`;

  const take = (seconds: number) =>
    turns.write(async () => {
      const [turn] = await engine.query<{ holder: string; held: number; end: string }>(newest, { seconds });
      if (turn?.held && turn.holder !== owner) throw analyticsErrors.REBUILDING();
      return { rows: [{ owner, until: turn?.end }], answer: undefined };
    });

  await take(TURN_SECONDS);
  // Should one of these not come through, the next one does, or the turn ends: then two mend the same, one after the
  // other, and the second finds nothing to mend.
  const saying = setInterval(() => void take(TURN_SECONDS).catch(() => undefined), SAY_EVERY_MS);
  try {
    return await work();
  } finally {
    clearInterval(saying);
    await take(0).catch(() => undefined);
  }
}
