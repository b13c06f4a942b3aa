import type { ClickHouse } from './clickhouse/engine.ts';
import type { Sql } from './postgres/postgres.ts';

/** The version of a PostgreSQL server, such as `18.4`. */
export async function postgresVersion(db: Sql): Promise<string> {
  const [row] = await db.query<{ version: string }>({
    name: '',
    text: "select current_setting('server_version') as version",
  });
  return row?.version.split(' ')[0] ?? '';
}

/** The version of a ClickHouse engine, such as `25.8.2.1`. */
export async function clickhouseVersion(engine: Pick<ClickHouse, 'query'>): Promise<string> {
  const [row] = await engine.query<{ version: string }>('select version() as version');
  return row?.version ?? '';
}
