import type { PostgresPlace, PostgresTable } from '../../platform/db/copy/neutral.ts';
import { countOf, endingAt, pageOf, platformTables } from '../../platform/db/copy/postgres.ts';
import { type CarriedFact, carried, factOf } from './analytics.copy.model.ts';
import { EVENT_COLUMNS, recordingSql } from './analytics.counting.postgres.ts';
import type { Fact } from './analytics.facts.model.ts';

/** What analytics keeps in PostgreSQL, in its neutral form: the events, of which every figure is made. */
export function analyticsCopyPostgres(place: PostgresPlace): readonly PostgresTable[] {
  return [events(place), ...platformTables(place, {})];
}

function events({ db, schema }: PostgresPlace): PostgresTable {
  const from = `${schema}.events`;
  const key = ['id'];
  const record = recordingSql(schema);
  return {
    name: 'events',
    key,
    rowsAtOnce: 2_000,
    count: () => countOf(db, `select count(*) as count from ${from}`),
    async read(after, limit) {
      const rows = await pageOf(db, { select: EVENT_COLUMNS, from, key }, after, limit);
      const facts = rows.map((row) => ({ ...carried(row as unknown as Fact) }));
      return endingAt(facts, key);
    },
    // As if they happened now: an event that is there already counts for nothing.
    async write(sql, rows) {
      const facts = rows.map((row) => factOf(row as unknown as CarriedFact));
      if (facts.length > 0) await sql.query({ name: '', text: record }, [JSON.stringify(facts)]);
    },
  };
}
