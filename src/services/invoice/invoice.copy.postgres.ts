import type { PostgresPlace, PostgresTable } from '../../platform/db/copy/neutral.ts';
import { plainTable, platformTables } from '../../platform/db/copy/postgres.ts';

/** What invoices keep in PostgreSQL, in its neutral form. */
export function invoiceCopyPostgres(place: PostgresPlace): readonly PostgresTable[] {
  return [
    plainTable(place, 'invoices', ['invoice_id']),
    plainTable(place, 'number_series', ['year']),
    ...platformTables(place, { invoices: 'invoice_ids' }),
  ];
}
