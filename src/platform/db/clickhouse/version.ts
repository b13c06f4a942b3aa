import type { ClickHouse } from './engine.ts';

/** The version of a ClickHouse engine, such as `25.8.2.1`. */
export async function clickhouseVersion(engine: Pick<ClickHouse, 'query'>): Promise<string> {
  const [row] = await engine.query<{ version: string }>('select version() as version');
  return row?.version ?? '';
}
