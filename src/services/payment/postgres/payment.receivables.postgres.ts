import { common } from '../../../platform/contract/errors.ts';
import { coalesce } from '../../../platform/db/coalesce.ts';
import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import { reconciliationIn } from '../../../platform/db/postgres/store/reconciliation.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { InvoiceOpening, ProcessedBalance } from '../model/payment.receivable.model.ts';
import type { Receivables } from '../payment.repository.ts';
import { COLUMNS } from './payment.statements.postgres.ts';

/** The receivables of orders, kept in the table `bills`. */
export function receivablesPostgres(store: PostgresStore): Receivables {
  const { schema, db } = store;
  const statement = (name: string, text: string) => ({ name: `${schema} ${name}`, text });
  const read = `select ${COLUMNS.balance}, exists (select from ${schema}.transactions t
      where t.order_id = b.order_id and t.status = 'processing') as processing
    from ${schema}.bills b`;
  const opening = statement('open receivable', openText(schema));
  const closing = statement('close receivables', closeText(schema));
  const marking = statement('mark invoice as closed', markText(schema));
  const some = statement('receivables of orders', `${read} where order_id = any($1)`);
  const listed = statement(
    'receivables',
    `${read} where order_id < $1 and (claimed > 0 or not closed) order by order_id desc limit $2`,
  );

  const figures = reconciliationIn(store, {
    table: 'bills b',
    key: 'order_id',
    status: `case when paid > 0 then 'paid' else 'unpaid' end`,
    currency: `coalesce(currency, (select t.currency from ${schema}.transactions t where t.order_id = b.order_id limit 1))`,
    amount: 'refunded - corrected',
    paid: 'paid - refunded',
    // Every movement changes a transaction, one of a version before at least has an entry.
    updated: `(select max(greatest(t.created_at, t.updated_at, t.paid_at, e.created_at))
      from ${schema}.transactions t left join ${schema}.entries e using (transaction_id) where t.order_id = b.order_id)`,
  });

  return {
    async figures(range) {
      const { groups, rows, ...rest } = await figures(range);
      const kept = rows?.filter(isPaid);
      return { ...rest, groups: groups.filter(isPaid), ...(kept && { rows: kept }) };
    },
    open: coalesce<InvoiceOpening, ProcessedBalance>({
      name: 'payment open receivable',
      keys: ({ order_id }) => [String(order_id)],
      async run(openings) {
        const rows = await db.query<ProcessedBalance>(opening, [JSON.stringify(openings)]);
        const byOrder = new Map(rows.map((row) => [row.order_id, row]));
        // A row that another process made after this statement began is seen by neither half of it.
        return openings.map(({ order_id }) => byOrder.get(order_id) ?? common.STALE());
      },
    }),
    async find(order_ids) {
      return db.query<ProcessedBalance>(some, [[...new Set(order_ids)]]);
    },
    async list({ limit, cursor }) {
      const before = cursorId(cursor) ?? Number.MAX_SAFE_INTEGER;
      const rows = await db.query<ProcessedBalance>(listed, [before, limit + 1]);
      return pageOf(rows, limit, (row) => row.order_id);
    },
    async closeOrder(order_id, user_id) {
      await db.query(closing, [order_id, user_id]);
    },
    async markClosed({ order_id, invoice_id, user_id }) {
      await db.query(marking, [order_id, invoice_id, user_id]);
    },
  };
}

const isPaid = ({ status }: { readonly status: string }): boolean => status === 'paid';

// A row that was read under its lock is as it is then. What is open already, or closed for good, stays as it is. The claim
// is posted less what is posted already: by the charges of a version before, or for an invoice that was paid in part and
// then closed. What such charges posted as sales of the tax goes to it.
const openText = (schema: string): string => `with
  given as materialized (
    select * from json_to_recordset($1::json) as g(order_id bigint, invoice_id bigint, user_id bigint, subtotal bigint,
      tax bigint, tax_rate text, total bigint, currency text, at timestamptz)),
  locked as materialized (
    select ${COLUMNS.balance} from ${schema}.bills where order_id = any(array(select order_id from given))
    order by order_id for no key update),
  opened as (
    insert into ${schema}.bills as b (order_id, user_id, invoice_id, subtotal, tax, tax_rate, total, currency, posted,
      posted_tax, claimed, paid, refunded, closed, version)
    select order_id, user_id, invoice_id, subtotal, tax, tax_rate, total, currency, total, tax, 0, 0, 0, false, 1
    from given where (select count(*) from locked) >= 0 order by order_id
    on conflict (order_id) do update set invoice_id = excluded.invoice_id, subtotal = excluded.subtotal,
      tax = excluded.tax, tax_rate = excluded.tax_rate, total = excluded.total, currency = excluded.currency,
      posted = excluded.posted, posted_tax = excluded.posted_tax, invoice_closed = false, version = b.version + 1
    where not b.closed and exists (select from locked l where l.order_id = b.order_id)
      and case when b.invoice_closed then b.invoice_id <> excluded.invoice_id
        else b.posted is null and (b.invoice_id is null or b.invoice_id = excluded.invoice_id) end
    returning ${COLUMNS.balance}),
  missing as (
    select o.*, g.at, o.tax - coalesce(l.posted_tax, 0) as taxes,
      o.total - o.tax - coalesce(l.posted, l.claimed - l.corrected, 0) + coalesce(l.posted_tax, 0) as net
    from opened o join given g using (order_id) left join locked l using (order_id)),
  posted_claims as (
    insert into ${schema}.entries
      (order_id, invoice_id, nth, line, kind, user_id, debit, credit, amount, currency, created_at)
    select order_id, invoice_id, version, line, 'receivable', user_id, debit, credit, amount, currency, at
    from missing m, lateral (values
      (0, 'receivable/' || user_id, 'sales', net), (1, 'sales', 'tax/' || tax_rate, -net),
      (2, 'receivable/' || user_id, 'tax/' || tax_rate, taxes + least(net, 0)),
      (3, 'tax/' || tax_rate, 'receivable/' || user_id, -taxes - least(net, 0))
    ) as p (line, debit, credit, amount)
    where amount > 0 order by order_id, line)
  select b.*, exists (select from ${schema}.transactions t
    where t.order_id = b.order_id and t.status = 'processing') as processing
  from (select * from opened union all select * from locked where order_id not in (select order_id from opened)) b`;

// A charge at the same moment waits for the row, and then finds it closed.
const closeText = (schema: string): string => `
  insert into ${schema}.bills as b (order_id, user_id, claimed, paid, refunded, closed, version)
  values ($1, $2, 0, 0, 0, true, 0)
  on conflict (order_id) do update set closed = true, ended = false, version = b.version + 1 where not b.closed`;

// The invoice was cancelled before it was opened: it cannot be opened any more.
const markText = (schema: string): string => `
  insert into ${schema}.bills (order_id, invoice_id, user_id, claimed, paid, refunded, closed, invoice_closed, version)
  values ($1, $2, $3, 0, 0, 0, false, true, 0) on conflict (order_id) do nothing`;
