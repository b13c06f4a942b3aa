import type { PostgresPlace, PostgresTable } from '../../platform/db/copy/neutral.ts';
import { countOf, endingAt, insertRows, pageOf, plainTable, platformTables } from '../../platform/db/copy/postgres.ts';

/** What products keep in PostgreSQL, in its neutral form. */
export function productCopyPostgres(place: PostgresPlace): readonly PostgresTable[] {
  return [
    plainTable(place, 'products', ['product_id']),
    reservations(place),
    ...platformTables(place, { products: 'product_ids' }),
  ];
}

const RESERVATION = [
  { name: 'order_id', type: 'bigint' },
  { name: 'items', type: 'json' },
  { name: 'request', type: 'text' },
  { name: 'expires_at', type: 'timestamptz' },
];

/** When a reservation was made stays behind: nothing asks for it. */
function reservations({ db, schema }: PostgresPlace): PostgresTable {
  const from = `${schema}.reservations`;
  const select = RESERVATION.map(({ name }) => name).join(', ');
  const key = ['order_id'];
  return {
    name: 'reservations',
    key,
    count: () => countOf(db, `select count(*) as count from ${from}`),
    read: async (after, limit) => endingAt(await pageOf(db, { select, from, key }, after, limit), key),
    write: (sql, rows) => insertRows(sql, from, RESERVATION, rows),
  };
}
