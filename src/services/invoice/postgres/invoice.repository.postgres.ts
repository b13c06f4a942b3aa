import { AppError, common } from '../../../platform/contract/errors.ts';
import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import { reconciliationIn } from '../../../platform/db/postgres/store/reconciliation.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import { invoiceErrors } from '../invoice.contract.ts';
import type { InvoiceState } from '../invoice.model.ts';
import type { InvoiceRepository } from '../invoice.repository.ts';

const COLUMNS = {
  invoice_id: 'bigint',
  order_id: 'bigint',
  user_id: 'bigint',
  username: 'text',
  invoice_number: 'text',
  items: 'json',
  subtotal: 'bigint',
  tax: 'bigint',
  tax_rate: 'text',
  total: 'bigint',
  currency: 'text',
  buyer: 'json',
  status: 'text',
  created_at: 'timestamptz',
  due_date: 'timestamptz',
  updated_at: 'timestamptz',
};

/** Invoices in PostgreSQL. */
export function invoicePostgres(store: PostgresStore): InvoiceRepository {
  const { schema, db } = store;
  const columns = [...Object.keys(COLUMNS), 'version'].join(', ');
  const read = store.reader<number, InvoiceState>(
    'invoice',
    `select ${columns} from ${schema}.invoices where invoice_id = any($1)`,
    (row) => row.invoice_id,
  );
  const findByOrder = store.reader<number, InvoiceState>(
    'invoice by order',
    `select ${columns} from ${schema}.invoices where order_id = any($1)`,
    (row) => row.order_id,
  );
  const list = (name: string, of: string) => ({
    name: `${schema} ${name}`,
    text: `select ${columns} from ${schema}.invoices
      where ${of} and invoice_id < $2 and ($3::text is null or status = $3)
      order by invoice_id desc limit $4`,
  });
  const listAll = list('list', '$1::bigint is null');
  const listOfUser = list('list of user', 'user_id = $1');
  const spec = {
    table: 'invoices',
    key: 'invoice_id' as const,
    columns: COLUMNS,
    conflicts: { one_invoice_per_order: () => invoiceErrors.EXISTS() },
  };
  const update = store.saver<InvoiceState>(spec);
  const insert = store.saver<InvoiceState>({ ...spec, assigned: { names: ['invoice_number'], ...numbering(schema) } });

  return {
    ids: store.ids('invoice_ids'),
    async get(invoice_id) {
      const found = await read(invoice_id);
      if (!found) throw invoiceErrors.NOT_FOUND();
      return found;
    },
    findByOrder,
    async list({ user_id, status }, { limit, cursor }) {
      const before = cursorId(cursor) ?? Number.MAX_SAFE_INTEGER;
      const statement = user_id === undefined ? listAll : listOfUser;
      const rows = await db.query<InvoiceState>(statement, [user_id ?? null, before, status ?? null, limit + 1]);
      return pageOf(rows, limit, (row) => row.invoice_id);
    },
    figures: reconciliationIn(store, {
      table: 'invoices',
      key: 'invoice_id',
      status: 'status',
      amount: 'total',
      updated: 'updated_at',
    }),
    async save(ctx, change) {
      if (change.next.version > 0) return update(ctx, change);
      return insert(ctx, change).catch((error: unknown) => {
        // The statement leaves out an invoice whose order has one, and what it leaves out counts as a lost race.
        throw error instanceof AppError && error.code === common.STALE.code ? invoiceErrors.EXISTS() : error;
      });
    },
  };
}

/**
 * The numbers of a batch: each year's row is raised by the count of its new invoices and stays locked until the
 * commit, so a statement that fails takes its numbers back with it. Invoices whose order has one already are left
 * out before they are counted; the constraint stands behind that for two processes at the same moment.
 */
function numbering(schema: string): { ctes: string; select: string } {
  const values = Object.keys(COLUMNS).map((name) => (name === 'invoice_number' ? NUMBER : `f.${name}`));
  return {
    ctes: `fresh as materialized (
        select distinct on (e.order_id) e.*, extract(year from e.created_at at time zone 'utc')::integer as year
        from eligible e
        where (select 1 from ${schema}.invoices i where i.order_id = e.order_id limit 1) is null
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
const NUMBER = `'INV-' || year || '-' || lpad(digits, greatest(6, length(digits)), '0')`;
