import { createHash } from 'node:crypto';
import type { PortableRow } from './portable.ts';

/** The sum of a table: it does not depend on the order of its rows, so each engine reads in the order it likes. */
export interface Checksum {
  readonly rows: number;
  readonly text: string;
  /** The parts whose sums are not those of another checksum. */
  differing(other: Checksum): readonly number[];
  readonly parts: Float64Array;
}

/** Rows are summed in so many parts by their keys: where two tables differ, only a part of them is looked at again. */
const PARTS = 4096;
const HALF = 2 ** 48;

/** Adds rows up as they come. */
export function summing(key: readonly string[]): { add(row: PortableRow): void; sum(): Checksum } {
  const parts = new Float64Array(PARTS * 2);
  let rows = 0;
  return {
    add(row) {
      const digest = digestOf(canonical(row));
      const at = bucketOf(checksumKeyOf(row, key)) * 2;
      for (const half of [0, 1]) parts[at + half] = ((parts[at + half] ?? 0) + digest.readUIntBE(half * 6, 6)) % HALF;
      rows += 1;
    },
    sum: () => checksumOf(rows, parts),
  };
}

function checksumOf(rows: number, parts: Float64Array): Checksum {
  const total = [0, 0];
  for (const [n, value] of parts.entries()) total[n % 2] = ((total[n % 2] ?? 0) + value) % HALF;
  return {
    rows,
    text: total.map((half) => half.toString(16).padStart(12, '0')).join(''),
    parts,
    differing: (other) => {
      const found = new Set<number>();
      for (const [n, value] of parts.entries()) if (value !== other.parts[n]) found.add(n >> 1);
      return [...found];
    },
  };
}

/** The fingerprint of one row. */
export function fingerprint(row: PortableRow): string {
  return digestOf(canonical(row)).toString('base64');
}

/** What names a row among those of its table. */
export function checksumKeyOf(row: PortableRow, key: readonly string[]): string {
  return key.map((name) => String(row[name])).join(' ');
}

/** The part that a key belongs to. */
export function bucketOf(key: string): number {
  return digestOf(key).readUInt16BE(0) % PARTS;
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/** JSON whose fields are in the order of their names, all the way down: equal values are equal text. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value ?? null);
  const fields = Object.entries(value).filter(([, held]) => held !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, held]) => `${JSON.stringify(name)}:${canonical(held)}`).join(',')}}`;
}
