import { type Ids, idsFrom } from '../../ids.ts';
import type { ClickHouse } from '../engine.ts';
import type { Writer } from './writer.ts';

/** A table and its column with the ids of a series. */
export interface IdColumn {
  readonly table: string;
  readonly column: string;
}

/**
 * Ids in blocks from the table `ids`: a block is written down before any of it is given out. A block begins above
 * the last one that is written down, above every id in use, and above what this process gave out: after a loss or a
 * restore in part any of the three may be behind the others.
 */
export function idsIn(engine: ClickHouse, table: string, writer: Writer, name: string, used?: IdColumn): Ids {
  let highest = 0;
  const written = `select max(last) as last from ${table} where name = {name:String}`;
  const text = used
    ? `select max(last) as last from (${written} union all select max(${used.column}) as last from ${used.table})`
    : written;
  return idsFrom((size) =>
    writer.write(async () => {
      const [row] = await engine.query<{ last: number }>(text, { name });
      const last = Math.max(row?.last ?? 0, highest);
      highest = last + size;
      const answer = Array.from({ length: size }, (_, n) => last + n + 1);
      return { rows: [{ name, last: highest }], answer };
    }),
  );
}
