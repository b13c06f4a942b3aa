import type { PostgresLocation, PostgresTable } from '../../../platform/db/transfer/portable.ts';
import { plainTable, postgresPlatformTables } from '../../../platform/db/transfer/postgres/tables.ts';

/** What invoices keep in PostgreSQL, in its portable form. */
export function invoiceCopyPostgres(place: PostgresLocation): readonly PostgresTable[] {
  return [
    plainTable(place, 'invoices', ['invoice_id']),
    plainTable(place, 'number_series', ['year']),
    ...postgresPlatformTables(place, { invoices: 'invoice_ids' }),
  ];
}
