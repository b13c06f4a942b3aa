import type { ClickHouse } from '../../../platform/db/clickhouse/engine.ts';
import type { Decision } from '../../../platform/db/clickhouse/store/writer.ts';
import { countFacts } from '../model/analytics.aggregate.model.ts';
import { madeAt } from '../model/analytics.entities.model.ts';
import type { Fact } from '../model/analytics.facts.model.ts';
import { calendarOf, calendarRow } from './analytics.calendar.clickhouse.ts';
import { entityReader } from './analytics.entities.clickhouse.ts';
import { blockOf } from './analytics.log.clickhouse.ts';
import { sumStatements } from './analytics.statements.clickhouse.ts';

/**
 * What events come to that are counted together: the rows of one block, and of each event whether it had not been
 * counted before. It holds as long as nobody else writes to the log. The first block begins a calendar in `zone`.
 */
export function countingIn(
  engine: ClickHouse,
  log: string,
  zone: string,
): (facts: readonly Fact[]) => Promise<Decision<boolean[]>> {
  const { newest } = entityReader(engine, log);
  const readCalendar = calendarOf(engine, log);
  const { there } = sumStatements(log);

  async function idsThere(facts: readonly Fact[]): Promise<Set<string>> {
    const ids = facts.map(({ id }) => id);
    const since = Math.min(...ids.map((id) => madeAt(id) ?? 0));
    const found = await engine.query<{ id: string }>(there, { ids, since });
    return new Set(found.map(({ id }) => id));
  }

  return async (facts) => {
    if (facts.length === 0) return { rows: [], answer: [] };
    const stories = facts.flatMap((fact) => fact.stories);
    const [known, before, calendar] = await Promise.all([idsThere(facts), newest(stories), readCalendar()]);
    // Of an event that is in a batch twice, one of the two is the first.
    const answer = facts.map(({ id }) => !known.has(idOf(id)) && known.add(idOf(id)) !== undefined);
    const fresh = facts.filter((_, n) => answer[n]);
    if (fresh.length === 0) return { rows: [], answer };
    const counted = countFacts(fresh, before, calendar?.zone ?? zone);
    const begun = calendar ? [] : [calendarRow({ zone, changing: false })];
    return { rows: blockOf(fresh, counted, begun), answer };
  };
}

/** An id as the engine gives it back. */
const idOf = (id: string): string => id.toLowerCase();
