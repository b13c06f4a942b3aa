import type { Change } from '../../../platform/contract/contract.ts';
import { common } from '../../../platform/contract/errors.ts';
import type { ShopTimeSql } from '../../../platform/contract/shop-time.ts';
import type { TableSpec } from '../../../platform/db/postgres/store/save.ts';
import type { TransactionState } from '../model/payment.model.ts';
import type { PaymentOperation } from '../model/payment.operation.model.ts';
import { TRANSACTION_COLUMNS } from './payment.charges.postgres.ts';
import { REFUND_COLUMNS, refundCtes } from './payment.credit-notes.postgres.ts';

export const PAYMENT_COLUMNS = {
  payment_id: 'bigint',
  user_id: 'bigint',
  provider: 'text',
  provider_ref: 'text',
  method: 'text',
  status: 'text',
  amount: 'bigint',
  currency: 'text',
  transaction_ids: 'json',
  request: 'text',
  fingerprint: 'text',
  failure: 'text',
  reference: 'text',
  received_on: 'text',
  created_at: 'timestamptz',
  updated_at: 'timestamptz',
};

/** An operation with the transactions that it makes. */
export interface SavedOperation extends PaymentOperation {
  readonly charges: readonly TransactionState[];
}

/** The transactions without a version are inserted, the others updated. */
export function withCharges({ next, events }: Change<PaymentOperation>): Change<SavedOperation> {
  return { next: { ...next, charges: next.transactions.filter(({ version }) => version === 0) }, events };
}

/**
 * How an operation is saved: its parts travel as JSON in its row and are written by the same statement if none of them
 * has changed since it was read. An operation with a part that has changed is left out whole, which counts as STALE.
 */
export function operationSpec(schema: string, { year }: ShopTimeSql): Omit<TableSpec<SavedOperation>, 'schema'> {
  return {
    table: 'acts',
    key: 'act_id',
    columns: { act_id: 'bigint', kind: 'text', user_id: 'bigint', created_at: 'timestamptz' },
    transient: {
      ...{
        transactions: 'json',
        balances: 'json',
        payments: 'json',
        refunds: 'json',
        entries: 'json',
        charges: 'json',
      },
      unbilled_released: 'bigint',
    },
    // All that an operation changes belongs to its user.
    apart: ({ user_id }) => [`user ${user_id}`],
    conflicts: {
      // Another process has started a payment for the same request: the next attempt finds it.
      payments_by_request: () => common.STALE(),
      // Transactions and balance were read with a charge between them: the next attempt reads both after it.
      claims_within_total: () => common.STALE(),
      paid_within_claims: () => common.STALE(),
    },
    assigned: {
      names: [],
      ctes: [partCtes(), wholeCtes(schema), updateCtes(schema), refundCtes(schema, year('g.updated_at'))].join(',\n'),
      select: 'select act_id, kind, user_id, created_at, 1 from whole',
    },
  };
}

const typed = (columns: Record<string, string>): string =>
  [...Object.entries(columns).map(([name, type]) => `${name} ${type}`), 'version integer'].join(', ');

const part = (name: string, columns: string): string =>
  `from eligible e, json_to_recordset(e.${name}) as p(${columns})`;

const partCtes = (): string => `given_transactions as materialized (select e.act_id, p.* ${part(
  'transactions',
  'transaction_id bigint, status text, refunded bigint, refunding bigint, payment_id bigint, paid_at timestamptz, version integer',
)} where p.version > 0),
  given_balances as materialized (select e.act_id, p.* ${part(
    'balances',
    'order_id bigint, paid bigint, refunded bigint, corrected bigint, charged bigint, released bigint, claimed bigint, invoice_closed boolean, posted bigint, posted_tax bigint, version integer',
  )}),
  given_payments as materialized (select e.act_id, p.* ${part('payments', typed(PAYMENT_COLUMNS))}),
  given_refunds as materialized (select e.act_id, p.* ${part('refunds', typed(REFUND_COLUMNS))})`;

// "= any(array(…))" and not "in": PostgreSQL then uses the keys, whatever it estimates of the JSON. A locked row is read
// as it is then, not as it was when the statement began. Tables are locked one after the other, and their rows in the
// order of their ids, so that no two statements can deadlock; the counts keep the tables in their order.
const wholeCtes = (schema: string): string => `locked_transactions as materialized (
    select transaction_id, version from ${schema}.transactions
    where transaction_id = any(array(select transaction_id from given_transactions)) order by transaction_id for no key update),
  locked_wallets as materialized (
    select user_id from ${schema}.wallets
    where user_id = any(array(select user_id from eligible where unbilled_released <> 0))
      and (select count(*) from locked_transactions) >= 0
    order by user_id for no key update),
  locked_bills as materialized (
    select order_id, claimed, version from ${schema}.bills
    where order_id = any(array(select order_id from given_balances)) and (select count(*) from locked_wallets) >= 0
    order by order_id for no key update),
  locked_payments as materialized (
    select payment_id, version from ${schema}.payments
    where payment_id = any(array(select payment_id from given_payments where version > 0))
      and (select count(*) from locked_bills) >= 0
    order by payment_id for no key update),
  locked_refunds as materialized (
    select refund_id, version from ${schema}.refunds
    where refund_id = any(array(select refund_id from given_refunds where version > 0))
      and (select count(*) from locked_payments) >= 0
    order by refund_id for no key update),
  stale as materialized (
    select g.act_id from given_transactions g left join locked_transactions l using (transaction_id)
      where l.version is distinct from g.version
    union all select g.act_id from given_balances g left join locked_bills l using (order_id)
      where l.version is distinct from g.version or l.claimed <> g.claimed
    union all select g.act_id from given_payments g left join locked_payments l using (payment_id)
      where g.version > 0 and l.version is distinct from g.version
    union all select g.act_id from given_refunds g left join locked_refunds l using (refund_id)
      where g.version > 0 and l.version is distinct from g.version),
  whole as materialized (select e.* from eligible e where e.act_id not in (select act_id from stale))`;

const updateCtes = (schema: string): string => `updated_transactions as (
    update ${schema}.transactions t set status = g.status, refunded = g.refunded, refunding = g.refunding,
      payment_id = g.payment_id, paid_at = g.paid_at, updated_at = w.created_at, version = t.version + 1
    from given_transactions g join whole w using (act_id) where t.transaction_id = g.transaction_id
      and t.transaction_id = any(array(select transaction_id from given_transactions))),
  new_transactions as (
    insert into ${schema}.transactions (${Object.keys(TRANSACTION_COLUMNS).join(', ')}, version)
    select ${Object.keys(TRANSACTION_COLUMNS).map((name) => `p.${name}`)}, 1
    from whole e, json_to_recordset(e.charges) as p(${typed(TRANSACTION_COLUMNS)})),
  updated_wallets as (
    update ${schema}.wallets w set unbilled = w.unbilled - e.unbilled_released
    from whole e where w.user_id = e.user_id and e.unbilled_released > 0
      and w.user_id = any(array(select user_id from locked_wallets))),
  raised_wallets as (
    insert into ${schema}.wallets as w (user_id, unbilled)
    select user_id, -unbilled_released from whole where unbilled_released < 0 order by user_id
    on conflict (user_id) do update set unbilled = w.unbilled + excluded.unbilled),
  updated_bills as (
    update ${schema}.bills b set paid = g.paid, refunded = g.refunded, corrected = g.corrected, claimed = b.claimed + g.charged - g.released,
      invoice_closed = g.invoice_closed, posted = g.posted, posted_tax = g.posted_tax, ended = false, version = b.version + 1
    from given_balances g join whole using (act_id) where b.order_id = g.order_id
      and b.order_id = any(array(select order_id from given_balances))),
  new_payments as (
    insert into ${schema}.payments (${Object.keys(PAYMENT_COLUMNS).join(', ')}, version)
    select ${Object.keys(PAYMENT_COLUMNS).map((name) => `g.${name}`)}, 1
    from given_payments g join whole using (act_id) where g.version = 0),
  updated_payments as (
    update ${schema}.payments p set status = g.status, provider_ref = g.provider_ref, failure = g.failure,
      updated_at = g.updated_at, version = p.version + 1
    from given_payments g join whole using (act_id) where g.version > 0 and p.payment_id = g.payment_id
      and p.payment_id = any(array(select payment_id from given_payments))),
  posted as (
    insert into ${schema}.entries
      (act_id, transaction_id, order_id, invoice_id, nth, line, kind, user_id, debit, credit, amount, currency, created_at)
    select e.act_id, p.transaction_id, p.order_id, p.invoice_id, p.nth, p.line, p.kind, e.user_id, p.debit, p.credit,
      p.amount, p.currency, e.created_at
    from whole e, json_to_recordset(e.entries) as p(transaction_id bigint, order_id bigint, invoice_id bigint,
      nth integer, line smallint, kind text, debit text, credit text, amount bigint, currency text)
    order by e.act_id, p.transaction_id, p.nth, p.line)`;
