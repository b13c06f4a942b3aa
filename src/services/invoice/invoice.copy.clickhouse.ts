import { countOf, mapped, pageOf, platformTables, statesTable } from '../../platform/db/copy/clickhouse.ts';
import type { ClickHousePlace, ClickHouseTable } from '../../platform/db/copy/neutral.ts';

const INVOICES = { table: 'invoices', key: 'invoice_id', json: ['items', 'buyer'] };

/** What invoices keep in ClickHouse, in its neutral form. */
export function invoiceCopyClickHouse(place: ClickHousePlace): readonly ClickHouseTable[] {
  return [statesTable(place, INVOICES), numberSeries(place), ...platformTables(place, INVOICES)];
}

/** How far the numbers of a year have come: in the rows of the invoices, or before them in another store. */
function numberSeries(place: ClickHousePlace): ClickHouseTable {
  const { database } = place;
  const from = `(select year, max(last) as last from (
      select number_year as year, max(number) as last from ${database}.invoices where number_year > 0 group by number_year
      union all select year, last from ${database}.number_series) group by year)`;
  return {
    name: 'number_series',
    key: ['year'],
    count: () => countOf(place, `select count() as count from ${from}`),
    read: async (after, limit) =>
      mapped(await pageOf(place, { select: '*', from, order: { year: 'UInt16' } }, after, limit), (row) => row),
    blocks: (rows) => [{ table: 'number_series', placed: false, rows }],
  };
}
