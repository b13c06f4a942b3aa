import type { Sql } from '../postgres.ts';

/** The version of a PostgreSQL server, such as `18.4`. */
export async function postgresVersion(db: Sql): Promise<string> {
  const [row] = await db.query<{ version: string }>({
    name: '',
    text: "select current_setting('server_version') as version",
  });
  return row?.version.split(' ')[0] ?? '';
}
