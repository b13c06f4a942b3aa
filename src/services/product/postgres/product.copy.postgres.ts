import type { PortableRow, PostgresLocation, PostgresTable } from '../../../platform/db/transfer/portable.ts';
import {
  countInPostgres,
  endingAt,
  insertRows,
  pageInPostgres,
  plainTable,
  postgresPlatformTables,
} from '../../../platform/db/transfer/postgres/tables.ts';
import { SEARCH_COLUMNS, searchColumnsOf } from '../search/search.postgres.ts';

/** What products keep in PostgreSQL, in its portable form. */
export function productCopyPostgres(place: PostgresLocation): readonly PostgresTable[] {
  return [
    products(place),
    reservations(place),
    ledger(place),
    ...postgresPlatformTables(place, { products: 'product_ids' }),
  ];
}

interface Kept {
  readonly name: string;
  readonly description: string;
  readonly category: string;
  readonly version: number;
}

const SEARCH = Object.keys(SEARCH_COLUMNS);

/** What a product is found by is made anew where it is written. */
function products(place: PostgresLocation): PostgresTable {
  const plain = plainTable(place, 'products', ['product_id']);
  return {
    ...plain,
    async read(after, limit) {
      const page = await plain.read(after, limit);
      return page && { ...page, rows: page.rows.map(withoutSearch) };
    },
    write: (sql, rows) =>
      plain.write(
        sql,
        (rows as unknown as readonly Kept[]).map((row) => ({ ...row, ...searchColumnsOf(row, row.version) })),
      ),
  };
}

const withoutSearch = (row: PortableRow): PortableRow =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !SEARCH.includes(name)));

const RESERVATION = [
  { name: 'order_id', type: 'bigint' },
  { name: 'items', type: 'json' },
  { name: 'request', type: 'text' },
  { name: 'expires_at', type: 'timestamptz' },
  { name: 'user_id', type: 'bigint' },
  { name: 'shipped', type: 'boolean' },
  { name: 'moved_at', type: 'timestamptz' },
];

/** When a reservation was made stays behind: nothing asks for it. What is copied is counted where it is written. */
function reservations({ db, schema }: PostgresLocation): PostgresTable {
  const from = `${schema}.reservations`;
  const select = RESERVATION.map(({ name }) => name).join(', ');
  const key = ['order_id'];
  return {
    name: 'reservations',
    key,
    count: () => countInPostgres(db, `select count(*) as count from ${from}`),
    read: async (after, limit) => endingAt(await pageInPostgres(db, { select, from, key }, after, limit), key),
    write: (sql, rows) =>
      insertRows(
        sql,
        from,
        [...RESERVATION, { name: 'counted', type: 'boolean' }],
        rows.map((row) => ({ ...row, counted: true })),
      ),
  };
}

const ledger = (place: PostgresLocation): PostgresTable => plainTable(place, 'stock_ledger', ['product_id', 'entry']);
