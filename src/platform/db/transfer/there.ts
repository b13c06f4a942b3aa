import type { ClickHouse } from '../clickhouse/engine.ts';
import type { Database } from '../postgres/postgres.ts';

/** What of the migrations has run in a database of PostgreSQL. */
export const LEDGER = 'tradepost_platform.migration';

/** The rows of a statement over a table of PostgreSQL that may not be there. */
export async function rowsIf<Row extends object>(
  db: Database,
  table: string,
  text: string,
  values: readonly unknown[],
): Promise<Row[]> {
  const [known] = await db.query({ name: '', text: 'select 1 where to_regclass($1) is not null' }, [table]);
  return known ? db.query<Row>({ name: '', text }, values) : [];
}

/** Whether ClickHouse has such a table. */
export async function hasClickHouseTable(engine: ClickHouse, database: string, table: string): Promise<boolean> {
  const text = 'select 1 from system.tables where database = {database:String} and name = {table:String}';
  return (await engine.query(text, { database, table })).length > 0;
}
