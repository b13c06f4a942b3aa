import type { Change, Ctx, Page, PageRequest, Versioned } from '../../../contract/contract.ts';
import type { Columns } from '../../columns.ts';
import { cursorId, pageOf } from '../../pages.ts';
import type { Database } from '../postgres.ts';
import type { TableSpec } from './save.ts';

/** How the states of one table are kept. `Skip` names fields that only the statement reads: they are `transient`. */
export interface StateTableSpec<S extends Versioned, Skip extends keyof S = never>
  extends Omit<TableSpec<S>, 'schema' | 'columns' | 'transient'> {
  readonly columns: Columns<S, Skip>;
  readonly transient?: Readonly<Record<Skip, string>>;
  /** Expressions for fields that no column keeps, by their names. */
  readonly reads?: Readonly<Partial<Record<Skip, string>>>;
}

/** A condition of a list, over the columns and `$3`, `$4`, …; the place and the size of the page are `$1` and `$2`. */
export interface ListSpec {
  /** Names its statement. */
  readonly name: string;
  readonly where: string;
  /** By the id; newest first unless it says otherwise. */
  readonly order?: 'asc' | 'desc';
}

/** The states of one table: the same as `States` of ClickHouse. */
export interface StateTable<S> {
  /** All columns of a state, for a statement of one's own. */
  readonly selected: string;
  /** Point reads that wait at the same moment become one statement. */
  get(key: number): Promise<S | undefined>;
  /** Those of several that exist, by id. */
  find(keys: readonly number[]): Promise<ReadonlyMap<number, S>>;
  /** By a column, or an expression of which `keyOf` tells the value of a state. */
  by<V extends string | number>(
    name: string,
    expression: string,
    keyOf: (state: S) => V,
  ): (value: V) => Promise<S | undefined>;
  /** One statement for each condition, so that each runs along its own index. */
  list(spec: ListSpec): (page: PageRequest, values?: readonly unknown[]) => Promise<Page<S>>;
  /** As in `save.ts`. */
  save(ctx: Ctx, change: Change<S>): Promise<S>;
}

interface Parts<S> {
  readonly schema: string;
  readonly db: Database;
  readonly save: StateTable<S>['save'];
  reader<K extends string | number>(
    name: string,
    text: string,
    keyOf: (row: S & object) => K,
  ): (key: K) => Promise<(S & object) | undefined>;
}

/** The table of a spec, over the reader and the saver of its store. */
export function stateTable<S extends Versioned, Skip extends keyof S>(
  spec: StateTableSpec<S, Skip>,
  { schema, db, save, reader }: Parts<S>,
): StateTable<S> {
  const { table, key, columns, reads = {} } = spec;
  const keyOf = (state: S): number => state[key] as number;
  const computed = Object.entries(reads).map(([name, expression]) => `${expression} as ${name}`);
  const selected = [...Object.keys(columns), 'version', ...computed].join(', ');
  const select = `select ${selected} from ${schema}.${table}`;
  const get = reader(`${table} by id`, `${select} where ${key} = any($1)`, keyOf);
  return {
    selected,
    get,
    async find(keys) {
      const found = await Promise.all([...new Set(keys)].map(get));
      return new Map(found.flatMap((one) => (one ? [[keyOf(one), one] as const] : [])));
    },
    by: (name, expression, columnOf) =>
      reader(`${table} by ${name}`, `${select} where ${expression} = any($1)`, columnOf),
    list({ name, where, order = 'desc' }) {
      const [beyond, first] = order === 'desc' ? ['<', Number.MAX_SAFE_INTEGER] : ['>', 0];
      const text = `${select} where (${where}) and ${key} ${beyond} $1 order by ${key} ${order} limit $2`;
      const statement = { name: `${schema} ${table} list ${name}`, text };
      return async ({ limit, cursor }, values = []) => {
        const rows = await db.query<S & object>(statement, [cursorId(cursor) ?? first, limit + 1, ...values]);
        return pageOf<S>(rows, limit, keyOf);
      };
    },
    save,
  };
}
