import type { PostgresLocation, PostgresTable } from '../../../platform/db/transfer/portable.ts';
import {
  countInPostgres,
  endingAt,
  pageInPostgres,
  postgresPlatformTables,
} from '../../../platform/db/transfer/postgres/tables.ts';
import { type CarriedFact, carried, factOf } from '../model/analytics.copy.model.ts';
import type { Fact } from '../model/analytics.facts.model.ts';
import { EVENT_COLUMNS, recordingSql } from './analytics.recording.postgres.ts';

/** What analytics keeps in PostgreSQL, in its portable form: the events, of which every figure is made. */
export function analyticsCopyPostgres(place: PostgresLocation): readonly PostgresTable[] {
  return [calendar(place), events(place), ...postgresPlatformTables(place, {})];
}

/** The time zone of the figures, before what is counted by it. */
function calendar({ db, schema }: PostgresLocation): PostgresTable {
  const from = `${schema}.calendar`;
  return {
    name: 'calendar',
    key: ['zone'],
    count: () => countInPostgres(db, `select count(*) as count from ${from}`),
    async read(after, limit) {
      const rows = await pageInPostgres(db, { select: 'zone', from, key: ['zone'] }, after, limit);
      return endingAt(rows, ['zone']);
    },
    async write(sql, rows) {
      const text = `insert into ${from} (zone) values ($1) on conflict do nothing`;
      for (const { zone } of rows) await sql.query({ name: '', text }, [zone]);
    },
  };
}

function events({ db, schema }: PostgresLocation): PostgresTable {
  const from = `${schema}.events`;
  const key = ['id'];
  const record = recordingSql(schema);
  return {
    name: 'events',
    key,
    rowsAtOnce: 2_000,
    count: () => countInPostgres(db, `select count(*) as count from ${from}`),
    async read(after, limit) {
      const rows = await pageInPostgres(db, { select: EVENT_COLUMNS, from, key }, after, limit);
      const facts = rows.map((row) => ({ ...carried(row as unknown as Fact) }));
      return endingAt(facts, key);
    },
    // As if they happened now: an event that is there already counts for nothing.
    async write(sql, rows) {
      const facts = rows.map((row) => factOf(row as unknown as CarriedFact));
      if (facts.length > 0) await sql.query({ name: '', text: record }, [JSON.stringify(facts), 'UTC']);
    },
  };
}
