import type { StoredResponse } from '../../stored-response.ts';
import type { ClickHouse } from '../engine.ts';

/**
 * Requests that were answered and events that were handled in another store, before `tradepost db copy` brought them
 * here. Only that command writes them, and never into a store in use: whether there are any is asked once.
 */
export interface ImportedMarks {
  readonly table: string;
  any(): Promise<boolean>;
  answers(keys: readonly string[]): Promise<StoredResponse[]>;
}

/** The kept marks in a table. */
export function importedMarksIn(engine: ClickHouse, table: string): ImportedMarks {
  let known: Promise<boolean> | undefined;

  function any(): Promise<boolean> {
    if (!known) {
      const asked = engine.query(`select 1 from ${table} limit 1`).then((rows) => rows.length > 0);
      known = asked;
      asked.catch(() => {
        known = undefined;
      });
    }
    return known;
  }

  return {
    table,
    any,
    async answers(keys) {
      if (!(await any())) return [];
      const text = `select name as key, fingerprint, result from ${table}
        where name in {keys:Array(String)} and result != ''`;
      const rows = await engine.query<StoredResponse & { result: string }>(text, { keys });
      return rows.map((row) => ({ ...row, result: JSON.parse(row.result) }));
    },
  };
}
