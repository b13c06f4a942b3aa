import { bucketOf, type Checksum, checksumKeyOf, fingerprint, summing } from './checksum.ts';
import type { PortableRow, PortableTable } from './portable.ts';

/** What a table came to, read again on both sides. */
export interface TableOutcome {
  readonly service: string;
  readonly table: string;
  readonly rows: number;
  readonly checksum: string;
  readonly same: boolean;
  /** Of the first row that differs, and how. */
  readonly difference?: string;
}

/** Reads a table on both sides and compares them. */
export async function compareTable(
  source: PortableTable,
  target: PortableTable,
  limit: number,
  onRows: (rows: number) => void,
): Promise<Omit<TableOutcome, 'service'>> {
  const [left, right] = await Promise.all([sumOf(source, limit, onRows), sumOf(target, limit, () => undefined)]);
  const parts = left.differing(right);
  const same = parts.length === 0 && left.rows === right.rows;
  const outcome = { table: source.name, rows: left.rows, checksum: left.text, same };
  return same ? outcome : { ...outcome, difference: await firstDifference(source, target, limit, parts) };
}

async function sumOf(table: PortableTable, limit: number, onRows: (rows: number) => void): Promise<Checksum> {
  const sum = summing(table.key);
  for await (const rows of pagesOf(table, limit)) {
    for (const row of rows) sum.add(row);
    onRows(rows.length);
  }
  return sum.sum();
}

/** All pages of a table; the next one is on its way while one is looked at. */
async function* pagesOf(table: PortableTable, limit: number): AsyncGenerator<readonly PortableRow[]> {
  const size = table.rowsAtOnce ?? limit;
  for (let page = await table.read(undefined, size); page; ) {
    const next = table.read(page.end, size);
    next.catch(() => undefined);
    yield page.rows;
    page = await next;
  }
}

/** So many parts are looked at closely: their rows are in memory. */
const PARTS_AT_ONCE = 64;

async function firstDifference(
  source: PortableTable,
  target: PortableTable,
  limit: number,
  parts: readonly number[],
): Promise<string> {
  const wanted = new Set(parts.slice(0, PARTS_AT_ONCE));
  const [left, right] = await Promise.all([printsOf(source, limit, wanted), printsOf(target, limit, wanted)]);
  const keys = [...new Set([...left.keys(), ...right.keys()])];
  const differing = keys.filter((key) => left.get(key) !== right.get(key)).sort(byKey);
  const [first] = differing;
  if (first === undefined) return 'it changed while it was read';
  const how = !right.has(first) ? 'is missing' : left.has(first) ? 'differs' : 'is not in the source';
  return `${source.key.join(' ')} ${first} ${how}`;
}

/** Key to fingerprint of the rows in some parts; of a row that is there more than once, all of them. */
async function printsOf(
  table: PortableTable,
  limit: number,
  parts: ReadonlySet<number>,
): Promise<ReadonlyMap<string, string>> {
  const prints = new Map<string, string>();
  for await (const rows of pagesOf(table, limit)) {
    for (const row of rows) {
      const key = checksumKeyOf(row, table.key);
      if (parts.has(bucketOf(key))) prints.set(key, `${prints.get(key) ?? ''}${fingerprint(row)}`);
    }
  }
  return prints;
}

function byKey(a: string, b: string): number {
  return Number(a) - Number(b) || (a < b ? -1 : 1);
}
