import { AppError, common } from '../../../platform/contract/errors.ts';
import { reconciliationIn } from '../../../platform/db/postgres/store/reconciliation.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import { INVOICE_COLUMNS } from '../invoice.columns.ts';
import { invoiceErrors } from '../invoice.contract.ts';
import type { InvoiceState } from '../invoice.model.ts';
import type { InvoiceRepository } from '../invoice.repository.ts';

/** Invoices in PostgreSQL. */
export function invoicePostgres(store: PostgresStore): InvoiceRepository {
  const invoices = store.table<InvoiceState>({
    table: 'invoices',
    key: 'invoice_id',
    columns: INVOICE_COLUMNS,
    conflicts: { one_invoice_per_order: () => invoiceErrors.EXISTS() },
    assigned: { names: ['invoice_number'], ...numbering(store.schema) },
  });
  const status = '($3::text is null or status = $3)';
  const listAll = invoices.list({ name: 'all', where: status });
  const listOfUser = invoices.list({ name: 'of user', where: `${status} and user_id = $4` });

  const ofOrders = {
    name: `${store.schema} invoices of orders`,
    text: `select ${invoices.selected} from ${store.schema}.invoices where order_id = any($1) order by invoice_id`,
  };

  return {
    ids: store.ids('invoice_ids'),
    async get(invoice_id) {
      const found = await invoices.get(invoice_id);
      if (!found) throw invoiceErrors.NOT_FOUND();
      return found;
    },
    find: invoices.get,
    findByOrder: store.reader<number, InvoiceState>(
      'invoice of order',
      `select distinct on (order_id) ${invoices.selected} from ${store.schema}.invoices where order_id = any($1)
        order by order_id, status = 'cancelled', created_at desc, invoice_id desc`,
      (state) => state.order_id,
    ),
    ofOrders: (order_ids) => store.db.query<InvoiceState>(ofOrders, [[...new Set(order_ids)]]),
    list: ({ user_id, status = null }, page) =>
      user_id === undefined ? listAll(page, [status]) : listOfUser(page, [status, user_id]),
    figures: reconciliationIn(store, {
      table: 'invoices',
      key: 'invoice_id',
      status: 'status',
      amount: 'total',
      updated: 'updated_at',
    }),
    save: (ctx, change) =>
      invoices.save(ctx, change).catch((error: unknown) => {
        // The statement leaves out an invoice whose order has a living one; what it leaves out counts as a lost race.
        const leftOut = change.next.version === 0 && error instanceof AppError && error.code === common.STALE.code;
        throw leftOut ? invoiceErrors.EXISTS() : error;
      }),
  };
}

/**
 * The numbers of a batch: the row of each year is raised by the count of its new invoices and stays locked until the
 * commit, so a statement that fails takes its numbers back with it. Invoices whose order has a living one are left out
 * before they are counted; the unique index stands behind that for two processes at the same moment.
 */
function numbering(schema: string): { ctes: string; select: string } {
  const values = Object.keys(INVOICE_COLUMNS).map((name) => (name === 'invoice_number' ? NUMBER : `f.${name}`));
  return {
    ctes: `fresh as materialized (
        select distinct on (e.order_id) e.*, substring(e.invoice_number from 'INV-(.+)-')::integer as year
        from eligible e
        where (select 1 from ${schema}.invoices i where i.order_id = e.order_id and i.status <> 'cancelled' limit 1) is null
        order by e.order_id, e.invoice_id),
      placed as (
        select f.*, row_number() over (partition by year order by invoice_id desc) - 1 as behind from fresh f),
      series as (
        insert into ${schema}.number_series as s (year, last)
        select year, count(*) from fresh group by year order by year
        on conflict (year) do update set last = s.last + excluded.last returning s.year, s.last)`,
    select: `select ${values.join(', ')}, 1
      from placed f join series using (year), lateral (select (last - behind)::text as digits) n`,
  };
}

// lpad alone would cut the millionth number short.
const NUMBER = `f.invoice_number || lpad(digits, greatest(6, length(digits)), '0')`;
