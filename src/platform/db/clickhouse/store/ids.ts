import { type IdSeries, idsFrom } from '../../ids.ts';
import type { ClickHouse } from '../engine.ts';
import type { Writer } from './writer.ts';

/** A table and its column with the ids of a series. */
export interface IdColumn {
  readonly table: string;
  readonly column: string;
}

/** The newest row of a series, and the greatest id that is in use. */
interface Reached {
  readonly last: number;
  readonly returned: readonly number[];
  readonly used: number;
}

/**
 * Ids in blocks from the table `ids`: a block is written down before any of it is given out. Its newest row has the
 * last id that was taken and those that came back unused. A block begins above that last one, above every id in use,
 * and above what this process gave out: after a loss or a restore in part any of the three may be behind the others,
 * and then what came back counts for nothing.
 */
export function idsIn(engine: ClickHouse, table: string, writer: Writer, name: string, used?: IdColumn): IdSeries {
  let highest = 0;
  const greatest = used ? `(select max(${used.column}) from ${used.table})` : '0';
  const text = `select max(last) as last, argMax(returned, position) as returned, ${greatest} as used
    from ${table} where name = {name:String}`;

  async function reached(): Promise<{ last: number; returned: number[] }> {
    const [row] = await engine.query<Reached>(text, { name });
    const { last = 0, returned = [], used: inUse = 0 } = row ?? {};
    const whole = last >= inUse && last >= highest;
    return { last: Math.max(last, inUse, highest), returned: whole ? [...returned] : [] };
  }

  return idsFrom({
    take: (size) =>
      writer.write(async () => {
        const { last, returned } = await reached();
        const back = returned.slice(0, size);
        if (back.length > 0) return { rows: [{ name, last, returned: returned.slice(size) }], answer: back };
        highest = last + size;
        const answer = Array.from({ length: size }, (_, n) => last + n + 1);
        return { rows: [{ name, last: highest, returned: [] }], answer };
      }),
    giveBack: (ids) =>
      writer.write(async () => {
        const { last, returned } = await reached();
        const all = [...returned, ...ids].sort((a, b) => a - b);
        return { rows: [{ name, last, returned: all }], answer: undefined };
      }),
  });
}
