import type { Page } from '../../../contract/contract.ts';
import { coalesce } from '../../coalesce.ts';
import { cursorId, pageOf } from '../../pages.ts';
import type { ClickHouse, Params } from '../engine.ts';

/** What a table keeps of a state, and how. */
export interface ClickHouseTableShape<S> {
  /** With its database. */
  readonly table: string;
  /** Of the id; the table is ordered by it, `version` and `position`. */
  readonly key: keyof S & string;
  readonly columns: readonly (keyof S & string)[];
  /** Columns that are kept as JSON text. */
  readonly json?: readonly (keyof S & string)[];
}

/** Which states to look at. `fixed` speaks of columns that never change, `now` of the newest row of each. */
export interface Choice {
  readonly fixed?: string;
  readonly now?: string;
  readonly params?: Params;
}

/** Reading a table in which every version of a row is kept: the newest one is the state. */
export interface NewestRows<S> {
  /** Point reads that wait at the same moment become one statement. */
  get(key: number): Promise<S | undefined>;
  /** By a column that never changes and has an index; of several, the one with the smallest id. */
  by<V extends string | number>(column: string, type: 'UInt64' | 'String'): (value: V) => Promise<S | undefined>;
  /** A page in the order of the ids. */
  list(choice: Choice, order: 'asc' | 'desc', page: { limit: number; cursor?: string }): Promise<Page<S>>;
  /** A subquery of the newest rows, with all columns of the state and `version`. */
  newest(fixed?: string): string;
  /** A state from a row that has its columns. */
  stateOf(row: Readonly<Record<string, unknown>>): S;
}

const READS_AT_ONCE = 2;
const LARGEST_WINDOW = 65_536;

/** The newest rows of a table. */
export function newestRows<S>(
  engine: ClickHouse,
  { table, key, columns, json = [] }: ClickHouseTableShape<S>,
): NewestRows<S> {
  const selected = [...columns, 'version'].join(', ');

  const newest = (fixed = 'true', order: 'asc' | 'desc' = 'asc', limit = ''): string =>
    `select ${selected} from ${table} where ${fixed}
      order by ${key} ${order}, version desc, position desc limit 1 by ${key} ${limit}`;

  function stateOf(row: Readonly<Record<string, unknown>>): S {
    const state: Record<string, unknown> = {};
    for (const name of columns) state[name] = row[name];
    for (const name of json) state[name] = typeof row[name] === 'string' ? JSON.parse(row[name]) : row[name];
    return { ...state, version: row.version } as S;
  }

  function finder<V extends string | number>(column: string, type: string): (value: V) => Promise<S | undefined> {
    const text =
      column === key
        ? newest(`${key} in {values:Array(${type})}`)
        : newest(`${key} in (select ${key} from ${table} where ${column} in {values:Array(${type})})`).replace(
            'select ',
            `select ${column} as found_by, `,
          );
    return coalesce<V, S | undefined>({
      name: `${table} by ${column}`,
      maxInFlight: READS_AT_ONCE,
      run: async (values) => {
        const rows = await engine.query<Record<string, unknown>>(text, { values: [...new Set(values)] });
        const found = new Map<unknown, S>();
        for (const row of rows.reverse()) found.set(column === key ? row[key] : row.found_by, stateOf(row));
        return values.map((value) => found.get(value));
      },
    });
  }

  // What is true of the newest row alone can only be asked of it: windows of rows, each larger than the one before,
  // in which first the ids are looked for that it is true of.
  async function list(
    { fixed = 'true', now, params = {} }: Choice,
    order: 'asc' | 'desc',
    { limit, cursor }: { limit: number; cursor?: string },
  ): Promise<Page<S>> {
    const found: S[] = [];
    const rest = `(${fixed}) and ${key} ${order === 'asc' ? '>' : '<'} {after:UInt64}`;
    const inner = newest(rest, order, 'limit {window:UInt64}');
    let after = cursorId(cursor) ?? (order === 'asc' ? 0 : Number.MAX_SAFE_INTEGER);
    for (let window = limit + 1; ; window = Math.min(window * 4, LARGEST_WINDOW)) {
      const given = { ...params, after, window };
      const rows = now === undefined ? await rowsOf(inner, given) : await chosen({ inner, now, order, given });
      found.push(...rows.filter((row) => row.chosen !== 0).map(stateOf));
      const last = rows.at(-1)?.[key];
      if (found.length > limit || last === undefined || rows.length < window) break;
      after = last as number;
    }
    return pageOf(found.slice(0, limit + 1), limit, (state) => state[key] as number);
  }

  const rowsOf = (text: string, params: Params) => engine.query<Record<string, unknown>>(text, params);
  const chosen = chooser(rowsOf, key, newest);

  return { get: finder<number>(key, 'UInt64'), by: finder, list, newest: (fixed) => newest(fixed), stateOf };
}

interface Window {
  /** The rows to choose from. */
  readonly inner: string;
  readonly now: string;
  readonly order: 'asc' | 'desc';
  readonly given: Params;
}

/** The rows of a window with `chosen`: those that were chosen are whole, of the others there is the key. */
function chooser(
  rowsOf: (text: string, params: Params) => Promise<Record<string, unknown>[]>,
  key: string,
  newest: (fixed: string) => string,
) {
  return async ({ inner, now, order, given }: Window): Promise<Record<string, unknown>[]> => {
    const looked = `select ${key}, toUInt8(${now}) as chosen from (${inner}) order by ${key} ${order}`;
    const ids = await rowsOf(looked, given);
    const wanted = ids.filter((row) => row.chosen === 1).map((row) => row[key]);
    const whole = wanted.length === 0 ? [] : await rowsOf(newest(`${key} in {wanted:Array(UInt64)}`), { wanted });
    const byKey = new Map(whole.map((row) => [row[key], row]));
    return ids.map((row) => byKey.get(row[key]) ?? row);
  };
}
