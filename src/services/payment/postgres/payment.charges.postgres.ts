import type { AppError } from '../../../platform/contract/errors.ts';
import { type Minor, minor } from '../../../platform/contract/money.ts';
import type { Sql } from '../../../platform/db/postgres/postgres.ts';
import type { TableSpec } from '../../../platform/db/postgres/store/save.ts';
import { type Charge, decimal, isClosed, type OrderBalance } from '../model/payment.model.ts';
import { paymentErrors } from '../payment.contract.ts';

export const TRANSACTION_COLUMNS = {
  transaction_id: 'bigint',
  user_id: 'bigint',
  amount: 'bigint',
  currency: 'text',
  description: 'text',
  invoice_id: 'bigint',
  order_id: 'bigint',
  status: 'text',
  refunded: 'bigint',
  refunding: 'bigint',
  payment_id: 'bigint',
  created_at: 'timestamptz',
  paid_at: 'timestamptz',
};

/**
 * How a charge is saved: with its posting in the ledger unless its invoice is posted, and only within its limit. The limit is checked on a row: the
 * user's wallet, or the balance of the invoice's order (a row of `bills`). The statement that inserts the charge raises
 * that row if the limit still holds, so two charges at the same moment wait for each other.
 */
export function chargeSpec(schema: string, max: Minor): Omit<TableSpec<Charge>, 'schema'> {
  const names = Object.keys(TRANSACTION_COLUMNS).join(', ');
  return {
    table: 'transactions',
    key: 'transaction_id',
    columns: TRANSACTION_COLUMNS,
    transient: { invoice_total: 'bigint' },
    // One statement can raise a row only once. A row of `bills` has one owner, so the user stands for both rows.
    apart: ({ user_id }) => [`user ${user_id}`],
    assigned: { names: [], ctes: limitCtes(schema, max), select: `select ${names}, 1 from accepted` },
  };
}

// Rows are raised in the order of their keys, wallets before bills: no two statements can deadlock.
const limitCtes = (schema: string, max: Minor): string => `wallet as (
    insert into ${schema}.wallets as w (user_id, unbilled)
    select user_id, amount from eligible where order_id is null and amount <= ${max} order by user_id
    on conflict (user_id) do update set unbilled = w.unbilled + excluded.unbilled
      where w.unbilled + excluded.unbilled <= ${max}
    returning user_id),
  bill as (
    insert into ${schema}.bills as b
      (order_id, user_id, invoice_id, total, claimed, paid, refunded, closed, version)
    select order_id, user_id, invoice_id, invoice_total, amount, 0, 0, false, 1 from eligible
    where order_id is not null and amount <= invoice_total and (select count(*) from wallet) >= 0 order by order_id
    on conflict (order_id) do update set claimed = b.claimed + excluded.claimed
      where not b.closed and not b.invoice_closed and b.invoice_id = excluded.invoice_id
        and b.claimed + excluded.claimed <= b.total + b.corrected
    returning order_id, posted),
  accepted as materialized (
    select e.* from eligible e
    where case when e.order_id is null then e.user_id in (select user_id from wallet)
      else e.order_id in (select order_id from bill) end),
  claimed as (
    insert into ${schema}.entries (transaction_id, nth, kind, user_id, debit, credit, amount, currency, created_at)
    select transaction_id, 1, 'charge', user_id, 'receivable/' || user_id, 'sales', amount, currency, created_at
    from accepted where order_id is null or order_id in (select order_id from bill where posted is null))`;

/** The error of a charge that its limit refused. */
export const limitError = {
  async user(sql: Sql, schema: string, user_id: number, max: Minor): Promise<AppError> {
    const wallet = { name: `${schema} wallet`, text: `select unbilled from ${schema}.wallets where user_id = $1` };
    const [row] = await sql.query<{ unbilled: Minor }>(wallet, [user_id]);
    return paymentErrors.LIMIT({ current_total: decimal(row?.unbilled ?? minor(0)), max_allowed: decimal(max) });
  },
  invoice(balance: OrderBalance | undefined, total: Minor): AppError {
    if (balance && isClosed(balance)) return paymentErrors.INVOICE_CANCELLED();
    const left = minor(total + (balance?.corrected ?? 0) - (balance?.claimed ?? 0));
    return paymentErrors.INVOICE_COVERED({ left: decimal(left), invoice_total: decimal(total) });
  },
};
