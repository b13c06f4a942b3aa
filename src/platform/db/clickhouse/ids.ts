import { type Ids, idsFrom } from '../ids.ts';
import type { ClickHouse } from './engine.ts';
import type { Writer } from './writer.ts';

/** Ids in blocks from the table `ids`: a block is written down before any of it is given out. */
export function idsIn(engine: ClickHouse, table: string, writer: Writer, name: string): Ids {
  return idsFrom((size) =>
    writer.write(async () => {
      const text = `select max(last) as last from ${table} where name = {name:String}`;
      const [row] = await engine.query<{ last: number }>(text, { name });
      const last = row?.last ?? 0;
      const answer = Array.from({ length: size }, (_, n) => last + n + 1);
      return { rows: [{ name, last: last + size }], answer };
    }),
  );
}
