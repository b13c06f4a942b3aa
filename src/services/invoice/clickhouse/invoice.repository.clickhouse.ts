import type { ClickHouseStore } from '../../../platform/db/clickhouse/store/store.ts';
import { coalesce } from '../../../platform/db/coalesce.ts';
import { INVOICE_COLUMNS } from '../invoice.columns.ts';
import { invoiceErrors } from '../invoice.contract.ts';
import { currentInvoice, type InvoiceState, isLiving } from '../invoice.model.ts';
import type { InvoiceRepository } from '../invoice.repository.ts';

/** Invoices in ClickHouse: a row for each version of an invoice, with its lines and its buyer as JSON. */
export function invoiceClickHouse(store: ClickHouseStore): InvoiceRepository {
  const invoices = store.states<InvoiceState>({
    table: 'invoices',
    key: 'invoice_id',
    columns: INVOICE_COLUMNS,
    apart: ({ order_id }) => [`order ${order_id}`],
    refuse: async (states) => {
      const fresh = states.filter(({ version }) => version === 0);
      const living = await livingOrders(fresh.map(({ order_id }) => order_id));
      return states.map((one) => (one.version === 0 && living.has(one.order_id) ? invoiceErrors.EXISTS() : undefined));
    },
    assign: numbering(store),
  });
  // Along the index of the orders, to the newest row of each of their invoices.
  const ofOrders = invoices.newest(
    `invoice_id in (select invoice_id from ${store.database}.invoices where order_id in {orders:Array(UInt64)})`,
  );

  async function invoicesOf(orders: readonly number[]): Promise<InvoiceState[]> {
    if (orders.length === 0) return [];
    const rows = await store.engine.query<Record<string, unknown>>(ofOrders, { orders: [...new Set(orders)] });
    return rows.map(invoices.stateOf);
  }

  async function livingOrders(orders: readonly number[]): Promise<ReadonlySet<number>> {
    const found = await invoicesOf(orders);
    return new Set(found.filter(isLiving).map(({ order_id }) => order_id));
  }

  return {
    ids: store.ids('invoices', { table: 'invoices', column: 'invoice_id' }),
    async get(invoice_id) {
      const found = await invoices.get(invoice_id);
      if (!found) throw invoiceErrors.NOT_FOUND();
      return found;
    },
    find: invoices.get,
    findByOrder: coalesce<number, InvoiceState | undefined>({
      name: 'invoice of order',
      maxInFlight: 2,
      run: async (orders) => {
        const byOrder = Map.groupBy(await invoicesOf(orders), ({ order_id }) => order_id);
        return orders.map((order_id) => currentInvoice(byOrder.get(order_id) ?? []));
      },
    }),
    ofOrders: invoicesOf,
    list({ user_id, status }, page) {
      const fixed = user_id === undefined ? undefined : 'user_id = {user_id:UInt64}';
      const now = status === undefined ? undefined : 'status = {status:String}';
      return invoices.list({ fixed, now, params: { user_id, status } }, 'desc', page);
    },
    figures: invoices.figures({ status: 'status', amount: 'total', updated: 'updated_at' }),
    save: invoices.save,
  };
}

/**
 * The numbers of a block: nobody else writes meanwhile, so each year goes on after the last one that is in the table.
 * A block that is not written leaves no trace of them, which a number that this process remembered would.
 */
function numbering({ engine, database }: ClickHouseStore) {
  const text = `select year, max(last) as last from (
      select number_year as year, max(number) as last from ${database}.invoices
        where number_year in {years:Array(UInt16)} group by number_year
      union all select year, last from ${database}.number_series where year in {years:Array(UInt16)}
    ) group by year`;

  return async (states: readonly InvoiceState[]): Promise<{ invoice_number?: string }[]> => {
    const years = [...new Set(states.filter(({ version }) => version === 0).map(yearOf))];
    if (years.length === 0) return states.map(() => ({}));
    const rows = await engine.query<{ year: number; last: number }>(text, { years });
    const last = new Map(rows.map((row) => [row.year, row.last]));
    return states.map((state) => {
      if (state.version > 0) return {};
      const year = yearOf(state);
      const number = (last.get(year) ?? 0) + 1;
      last.set(year, number);
      return { invoice_number: `${state.invoice_number}${String(number).padStart(6, '0')}` };
    });
  };
}

/** The year of a series: `INV-2026-`. */
const yearOf = ({ invoice_number: series }: InvoiceState): number => Number(series.slice(4, -1));
