import {
  clickhousePlatformTables,
  countInClickHouse,
  mapped,
  pageInClickHouse,
  statesTable,
} from '../../../platform/db/transfer/clickhouse/tables.ts';
import type { ClickHouseLocation, ClickHouseTable } from '../../../platform/db/transfer/portable.ts';

const INVOICES = { table: 'invoices', key: 'invoice_id', json: ['items', 'buyer'] };

/** What invoices keep in ClickHouse, in its portable form. */
export function invoiceCopyClickHouse(place: ClickHouseLocation): readonly ClickHouseTable[] {
  return [statesTable(place, INVOICES), numberSeries(place), ...clickhousePlatformTables(place, INVOICES)];
}

/** How far the numbers of a year have come: in the rows of the invoices, or before them in another store. */
function numberSeries(place: ClickHouseLocation): ClickHouseTable {
  const { database } = place;
  const from = `(select year, max(last) as last from (
      select number_year as year, max(number) as last from ${database}.invoices where number_year > 0 group by number_year
      union all select year, last from ${database}.number_series) group by year)`;
  return {
    name: 'number_series',
    key: ['year'],
    count: () => countInClickHouse(place, `select count() as count from ${from}`),
    read: async (after, limit) =>
      mapped(
        await pageInClickHouse(place, { select: '*', from, order: { year: 'UInt16' } }, after, limit),
        (row) => row,
      ),
    blocks: (rows) => [{ table: 'number_series', placed: false, rows }],
  };
}
