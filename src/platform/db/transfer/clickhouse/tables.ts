import { type NewestRows, newestRows } from '../../clickhouse/store/table.ts';
import { LETTERS_AT_ONCE, storableRow } from '../../letter.ts';
import type {
  Block,
  ClickHouseLocation,
  ClickHouseTable,
  PagePosition,
  PortablePage,
  PortableRow,
} from '../portable.ts';

type Row = Record<string, unknown>;

/** The states of a service as its repository keeps them: a row for each version. */
export interface StatesShape {
  readonly table: string;
  readonly key: string;
  /** Columns that are kept as JSON text. */
  readonly json: readonly string[];
  /** Fields that the answers to requests leave out. */
  readonly secrets?: readonly string[];
}

/** Which rows, in the order of which columns: those that the table is ordered by. */
interface Keyset {
  readonly select: string;
  readonly from: string;
  readonly where?: string;
  /** Column to type. */
  readonly order: Readonly<Record<string, string>>;
}

/** Rows behind a place. */
export async function pageInClickHouse(
  { engine }: ClickHouseLocation,
  { select, from, where = 'true', order }: Keyset,
  after: PagePosition | undefined,
  limit: number,
): Promise<{ rows: Row[]; end: PagePosition } | undefined> {
  const names = Object.keys(order);
  const text = `select ${select} from ${from} where (${where}) and ${behind(order, after)}
    order by ${names.join(', ')} limit {limit:UInt32}`;
  const params = Object.fromEntries((after ?? []).map((value, n) => [`after${n}`, value]));
  const rows = await engine.query<Row>(text, { ...params, limit }, PATIENT);
  const last = rows.at(-1);
  return last && { rows, end: names.map((name) => last[name] as string | number) };
}

/** A page of a large table may take its time. */
export const PATIENT = { seconds: 600 };

// The first column by itself, so that the engine finds the place by the order of the table.
function behind(order: Readonly<Record<string, string>>, after: PagePosition | undefined): string {
  if (after === undefined) return 'true';
  const columns = Object.entries(order).map(([name, type], n) => ({ name, given: `{after${n}:${type}}` }));
  const later = columns.reduceRight(
    (rest, { name, given }) => `(${name} > ${given} or (${name} = ${given} and ${rest}))`,
    'false',
  );
  const [first] = columns;
  return `${first?.name} >= ${first?.given} and ${later}`;
}

/** The `count` that a statement answers. */
export async function countInClickHouse({ engine }: ClickHouseLocation, text: string): Promise<number> {
  const [row] = await engine.query<{ count: number }>(text, {}, PATIENT);
  return row?.count ?? 0;
}

/** The newest version of each state. */
export function statesTable(place: ClickHouseLocation, shape: StatesShape): ClickHouseTable {
  const { engine, database } = place;
  const { key, json } = shape;
  const rowsOf = statesIn(place, shape);
  return {
    name: shape.table,
    key: [key],
    count: () => countInClickHouse(place, `select uniqExact(${key}) as count from ${database}.${shape.table}`),
    async read(after, limit) {
      const { newest, stateOf } = await rowsOf();
      const text = `${newest(`${key} > {after:UInt64}`)} limit {limit:UInt32}`;
      const found = await engine.query<Row>(text, { after: after?.[0] ?? 0, limit }, PATIENT);
      const last = found.at(-1);
      return last && { rows: found.map((row) => stateOf(row)), end: [last[key] as number] };
    },
    blocks: (rows) => [{ table: shape.table, placed: true, rows: rows.map((row) => stateRow(row, json)) }],
  };
}

interface StateRows extends Pick<NewestRows<PortableRow>, 'newest' | 'stateOf'> {
  readonly columns: readonly string[];
}

/** What a row of states has beside the state itself. */
const BESIDE = ['version', 'position', 'request_key', 'request_print', 'mark', 'events', 'written_by'];

/** The columns are those that the table has now: a repository names them, and a migration may add one. */
function statesIn(
  { engine, database }: ClickHouseLocation,
  { table, key, json }: StatesShape,
): () => Promise<StateRows> {
  let known: Promise<StateRows> | undefined;
  const text = `select name from system.columns where database = {database:String} and table = {table:String}
    and default_kind = '' and name not in {beside:Array(String)} order by position`;
  async function look(): Promise<StateRows> {
    const found = await engine.query<{ name: string }>(text, { database, table, beside: BESIDE });
    const columns = found.map(({ name }) => name);
    return { columns, ...newestRows<Row>(engine, { table: `${database}.${table}`, key, columns, json }) };
  }
  return () => {
    known ??= look();
    return known;
  };
}

/** A row that announces nothing and answers nothing: what it was announced and answered with stays where it was. */
export function stateRow(row: PortableRow, json: readonly string[]): object {
  const documents = Object.fromEntries(json.map((name) => [name, JSON.stringify(row[name])]));
  return { ...row, ...documents, request_key: '', request_print: '', mark: '', events: '[]' };
}

/**
 * What every service keeps beside its own tables. Requests and marks are also in the rows of its states, if it has any.
 */
export function clickhousePlatformTables(place: ClickHouseLocation, states?: StatesShape): ClickHouseTable[] {
  return [requests(place, states), marks(place, states), deadLetters(place), idSeries(place)];
}

const orderOf = ({ key }: StatesShape) => ({ [key]: 'UInt64', version: 'UInt32', position: 'UInt64' });

function requests(place: ClickHouseLocation, states?: StatesShape): ClickHouseTable {
  const kept = keptMarks(place.database, `result != ''`);
  const answered = states && answersIn(place, states);
  return {
    name: 'requests',
    key: ['key'],
    count: () => countInClickHouse(place, countAll(kept, answered?.given)),
    read: oneAfterTheOther([
      async (after, limit) =>
        mapped(
          await pageInClickHouse(place, kept, after, limit),
          ({ name: key, fingerprint, result, at: created_at }) => {
            return { key, fingerprint, result: JSON.parse(String(result)), created_at };
          },
        ),
      ...(answered ? [answered.read] : []),
    ]),
    blocks: (rows) => [
      keptBlock(
        rows.map(({ key: name, fingerprint, result, created_at: at }) => {
          return { name, fingerprint, result: JSON.stringify(result), at };
        }),
      ),
    ],
  };
}

/** The answers that are the states themselves. */
function answersIn(place: ClickHouseLocation, states: StatesShape): { readonly given: Rows; readonly read: Read } {
  const { secrets = [] } = states;
  const rowsOf = statesIn(place, states);
  const given = { from: `${place.database}.${states.table}`, where: `request_key != ''`, order: orderOf(states) };
  return {
    given,
    async read(after, limit) {
      const { columns, stateOf } = await rowsOf();
      const select = ['request_key', 'request_print', ...columns, 'version', 'position'].join(', ');
      return mapped(await pageInClickHouse(place, { ...given, select }, after, limit), (row) => {
        const { request_key: key, request_print: fingerprint, updated_at: created_at } = row;
        return { key, fingerprint, result: without(stateOf(row), secrets), created_at };
      });
    },
  };
}

function marks(place: ClickHouseLocation, states?: StatesShape): ClickHouseTable {
  const kept = keptMarks(place.database, `result = ''`);
  const given = states && marksOf(place, states);
  // A consumer and an id, which has no space in it.
  const markOf = ({ name, at: handled_at }: Row): PortableRow => {
    const [, consumer, event_id] = /^(.*) (\S+)$/.exec(String(name)) ?? [];
    return { consumer, event_id, handled_at };
  };
  return {
    name: 'marks',
    key: ['consumer', 'event_id'],
    count: () => countInClickHouse(place, countAll(kept, given)),
    read: oneAfterTheOther(
      [kept, ...(given ? [given] : [])].map(
        (keyset): Read =>
          async (after, limit) =>
            mapped(await pageInClickHouse(place, keyset, after, limit), markOf),
      ),
    ),
    blocks: (rows) => [
      keptBlock(
        rows.map(({ consumer, event_id, handled_at: at }) => {
          return { name: `${consumer} ${event_id}`, fingerprint: '', result: '', at };
        }),
      ),
    ],
  };
}

function marksOf({ database }: ClickHouseLocation, states: StatesShape): Keyset {
  const order = orderOf(states);
  const select = `mark as name, updated_at as at, ${Object.keys(order).join(', ')}`;
  return { select, from: `${database}.${states.table}`, where: `mark != ''`, order };
}

const keptMarks = (database: string, where: string): Keyset => ({
  select: 'name, fingerprint, result, at',
  from: `${database}.kept_mark final`,
  where,
  order: { name: 'String' },
});

const keptBlock = (rows: readonly object[]): Block => ({ table: 'kept_mark', placed: false, rows });

type Rows = Pick<Keyset, 'from' | 'where'>;

const countAll = (...parts: readonly (Rows | undefined)[]): string => {
  const counts = parts.flatMap((part) => (part ? [`(select count() from ${part.from} where ${part.where})`] : []));
  return `select ${counts.join(' + ')} as count`;
};

const without = (row: PortableRow, secrets: readonly string[]): PortableRow =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !secrets.includes(name)));

/** A page with its rows in their portable form. */
export function mapped(
  page: { rows: Row[]; end: PagePosition } | undefined,
  rowOf: (row: Row) => PortableRow,
): PortablePage | undefined {
  return page && { rows: page.rows.map(rowOf), end: page.end };
}

type Read = ClickHouseTable['read'];

/** What is in several tables, read as if it were in one. */
export function oneAfterTheOther(parts: readonly Read[]): Read {
  return async (after, limit) => {
    const [start = 0, ...rest] = (after ?? []) as [number?, ...PagePosition];
    for (const [n, read] of parts.entries()) {
      if (n < start) continue;
      const page = await read(n === start && after !== undefined ? rest : undefined, limit);
      if (page) return { rows: page.rows, end: [n, ...page.end] };
    }
    return undefined;
  };
}

function deadLetters(place: ClickHouseLocation): ClickHouseTable {
  const from = `${place.database}.dead_letter final`;
  return {
    name: 'dead_letters',
    key: ['id'],
    rowsAtOnce: LETTERS_AT_ONCE,
    count: () => countInClickHouse(place, `select count() as count from ${from} where removed = 0`),
    read: async (after, limit) => {
      const select = 'id, consumer, event_id, envelope, error, attempts, failed_at';
      const keyset = { select, from, where: 'removed = 0', order: { id: 'UInt64' } };
      return mapped(await pageInClickHouse(place, keyset, after, limit), (row) =>
        storableRow({ ...row, envelope: JSON.parse(String(row.envelope)) }),
      );
    },
    blocks: (rows) => {
      const letters = rows.map((row) => ({ ...row, envelope: JSON.stringify(row.envelope), removed: 0 }));
      return [{ table: 'dead_letter', placed: true, rows: letters }];
    },
  };
}

function idSeries(place: ClickHouseLocation): ClickHouseTable {
  const from = `(select name, max(last) as last from ${place.database}.ids group by name)`;
  return {
    name: 'ids',
    key: ['name'],
    count: () => countInClickHouse(place, `select count() as count from ${from}`),
    read: async (after, limit) =>
      mapped(
        await pageInClickHouse(place, { select: '*', from, order: { name: 'String' } }, after, limit),
        (row) => row,
      ),
    blocks: (rows) => [{ table: 'ids', placed: true, rows }],
  };
}
