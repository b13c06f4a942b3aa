import type { Tools } from '../../../platform/app/module.ts';
import { AppError, common } from '../../../platform/contract/errors.ts';
import { coalesce } from '../../../platform/db/coalesce.ts';
import { cursorId, pageOf } from '../../../platform/db/pages.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import { AT_ONCE } from '../model/payment.capture.model.ts';
import { type Account, type Charge, type OrderBalance, type TransactionState, ZERO } from '../model/payment.model.ts';
import type { Payment, PaymentOperation, Refund } from '../model/payment.operation.model.ts';
import type { PaidAccount } from '../model/payment.refunds.model.ts';
import { paymentErrors } from '../payment.contract.ts';
import type { PaymentRepository } from '../payment.repository.ts';
import { chargeSpec, limitError, TRANSACTION_COLUMNS } from './payment.charges.postgres.ts';
import { ledgerPostgres } from './payment.ledger.postgres.ts';
import { operationSpec, PAYMENT_COLUMNS, REFUND_COLUMNS } from './payment.operations.postgres.ts';
import { webhookExportPostgres } from './payment.webhook-export.postgres.ts';

const names = (columns: Record<string, string>): string => [...Object.keys(columns), 'version'].join(', ');

const TRANSACTION = names(TRANSACTION_COLUMNS);
const PAYMENT = names(PAYMENT_COLUMNS);
const REFUND = names(REFUND_COLUMNS);
const BILL = 'order_id, user_id, invoice_id, total, claimed, paid, refunded, closed, version';

/** An open transaction with the facts of its bill, of which there may be none. */
type OpenRow = TransactionState & { readonly bill: OrderBalance | null };

/** Transactions, payments and refunds in PostgreSQL. */
export function paymentPostgres(store: PostgresStore, { config }: Pick<Tools, 'config'>): PaymentRepository {
  const { schema, db } = store;
  const max = config.PAYMENT_MAX_TOTAL.amount;
  const claims = store.saver<Charge>(chargeSpec(schema, max));
  const statements = statementsOf(schema);
  const read = readersOf(store);

  async function refusal({ user_id, order_id, bill_total }: Charge): Promise<AppError> {
    if (order_id === null) return limitError.user(db, schema, user_id, max);
    return limitError.bill(await read.bill(order_id), bill_total ?? ZERO);
  }

  async function account(transactions: readonly TransactionState[]): Promise<PaidAccount> {
    const orders = [...new Set(transactions.flatMap(({ order_id }) => order_id ?? []))];
    const paid = [...new Set(transactions.flatMap(({ payment_id }) => payment_id ?? []))];
    const [bills, payments] = await Promise.all([
      Promise.all(orders.map(read.bill)),
      Promise.all(paid.map(read.payment)),
    ]);
    return {
      transactions,
      bills: new Map(bills.flatMap((one) => (one ? [[one.order_id, one] as const] : []))),
      payments: new Map(payments.flatMap((one) => (one ? [[one.payment_id, one] as const] : []))),
    };
  }

  return {
    ids: {
      transaction: store.ids('transaction_ids'),
      act: store.ids('act_ids'),
      payment: store.ids('payment_ids'),
      refund: store.ids('refund_ids'),
    },
    ledger: ledgerPostgres(store),
    webhookExport: webhookExportPostgres(store),
    claim: (ctx, change) =>
      claims(ctx, change).catch(async (error: unknown) => {
        // The statement leaves out what there is no room for, and what it leaves out counts as a lost race.
        throw error instanceof AppError && error.code === common.STALE.code ? await refusal(change.next) : error;
      }),
    record: store.saver<PaymentOperation>(operationSpec(schema)),
    async get(transaction_id) {
      const found = await read.transaction(transaction_id);
      if (!found) throw paymentErrors.NOT_FOUND();
      return found;
    },
    async list({ user_id, status, invoice_id }, { limit, cursor }) {
      const values = [user_id ?? null, beforeOf(cursor), status ?? null, invoice_id ?? null, limit + 1];
      const statement = user_id === undefined ? statements.listAll : statements.listOfUser;
      return pageOf(await db.query<TransactionState>(statement, values), limit, (row) => row.transaction_id);
    },
    openOf: read.open,
    account: async (ids) => account(await db.query<TransactionState>(statements.some, [ids])),
    accountOfOrder: async (order_id, user_id) =>
      account(await db.query<TransactionState>(statements.ofOrder, [user_id, order_id])),
    async bills({ limit, cursor }) {
      const rows = await db.query<OrderBalance>(statements.bills, [beforeOf(cursor), limit + 1]);
      return pageOf(rows, limit, (row) => row.order_id);
    },
    async closeBill(order_id, user_id) {
      const [closed] = await db.query<OrderBalance>(statements.close, [order_id, user_id]);
      if (!closed) throw new Error('closing a bill answered nothing');
      return closed;
    },
    async noteRef(payment_id, provider_ref) {
      await db.query(statements.noteRef, [payment_id, provider_ref]);
    },
    findPayment: (by) => ('request' in by ? read.requested(by.request) : read.payment(by.payment_id)),
    findRefund: read.refund,
    async refunds({ user_id }, { limit, cursor }) {
      const statement = user_id === undefined ? statements.refundsOfAll : statements.refundsOfUser;
      const rows = await db.query<Refund>(statement, [user_id ?? null, beforeOf(cursor), limit + 1]);
      return pageOf(rows, limit, (row) => row.refund_id);
    },
    async unfinished(before) {
      const [payments, refunds, bills] = await Promise.all([
        db.query<Payment>(statements.startedPayments, [before]),
        db.query<Refund>(statements.startedRefunds, [before]),
        db.query<OrderBalance>(statements.toSettle),
      ]);
      return { payments, refunds, bills };
    },
  };
}

const beforeOf = (cursor: string | undefined): number => cursorId(cursor) ?? Number.MAX_SAFE_INTEGER;

/** Point reads, each of which becomes one statement with those that wait at the same moment. */
function readersOf(store: PostgresStore) {
  const { schema, db } = store;
  const by = <K extends string | number, Row extends object>(what: string, from: string, key: string & keyof Row) =>
    store.reader<K, Row>(what, `select ${from} where ${key} = any($1)`, (row) => row[key] as K);
  const open = { name: `${schema} open`, text: openText(schema) };
  return {
    transaction: by<number, TransactionState>(
      'transaction',
      `${TRANSACTION} from ${schema}.transactions`,
      'transaction_id',
    ),
    bill: by<number, OrderBalance>('bill', `${BILL} from ${schema}.bills`, 'order_id'),
    payment: by<number, Payment>('payment', `${PAYMENT} from ${schema}.payments`, 'payment_id'),
    requested: by<string, Payment>('payment by request', `${PAYMENT} from ${schema}.payments`, 'request'),
    refund: by<number, Refund>('refund', `${REFUND} from ${schema}.refunds`, 'refund_id'),
    open: coalesce<number, Account>({
      name: 'payment open',
      async run(users) {
        const rows = await db.query<OpenRow>(open, [[...new Set(users)]]);
        const byUser = Map.groupBy(rows, (row) => row.user_id);
        return users.map((user_id) => accountOf(byUser.get(user_id) ?? []));
      },
    }),
  };
}

function statementsOf(schema: string) {
  const statement = (name: string, text: string) => ({ name: `${schema} ${name}`, text });
  // One statement for each way in, so that each runs along its own index.
  const list = (of: string) => `select ${TRANSACTION} from ${schema}.transactions
    where ${of} and transaction_id < $2 and ($3::text is null or status = $3) and ($4::bigint is null or invoice_id = $4)
    order by transaction_id desc limit $5`;
  const refunds = (of: string) => `select ${REFUND} from ${schema}.refunds
    where ${of} and refund_id < $2 order by refund_id desc limit $3`;
  const some = (which: string) =>
    `select ${TRANSACTION} from ${schema}.transactions where ${which} order by transaction_id`;
  const started = (from: string) =>
    `select ${from} where status = 'started' and created_at < $1 order by created_at limit ${SETTLED_AT_ONCE}`;
  return {
    listAll: statement('list', list('$1::bigint is null')),
    listOfUser: statement('list of user', list('user_id = $1')),
    refundsOfAll: statement('refunds', refunds('$1::bigint is null')),
    refundsOfUser: statement('refunds of user', refunds('user_id = $1')),
    some: statement('transactions', some('transaction_id = any($1)')),
    ofOrder: statement('transactions of order', some('user_id = $1 and order_id = $2')),
    close: statement('close bill', closeText(schema)),
    bills: statement(
      'bills',
      `select ${BILL} from ${schema}.bills where order_id < $1 and claimed > 0 order by order_id desc limit $2`,
    ),
    noteRef: statement(
      'note ref',
      `update ${schema}.payments set provider_ref = $2 where payment_id = $1 and provider_ref is null`,
    ),
    startedPayments: statement('started payments', started(`${PAYMENT} from ${schema}.payments`)),
    startedRefunds: statement('started refunds', started(`${REFUND} from ${schema}.refunds`)),
    // What a provider refused to give back is for a person to look at: asking again would only be refused again.
    toSettle: statement(
      'bills to settle',
      `select ${BILL} from ${schema}.bills b where closed and claimed > refunded and not exists (
         select from ${schema}.refunds r where r.order_id = b.order_id and r.status = 'failed')
       order by order_id limit ${SETTLED_AT_ONCE}`,
    ),
  };
}

const SETTLED_AT_ONCE = 100;

function accountOf(rows: readonly OpenRow[]): Account {
  const bills = new Map(rows.flatMap(({ bill }) => (bill ? [[bill.order_id, bill] as const] : [])));
  return { transactions: rows.map(({ bill: _bill, ...transaction }) => transaction), bills };
}

/** Of each user the oldest open transactions, one more than an act pays: then it can tell that there are more. */
function openText(schema: string): string {
  const columns = TRANSACTION.split(', ').map((name) => `t.${name}`);
  return `select ${columns.join(', ')}, case when b.order_id is not null then row_to_json(b) end as bill
    from unnest($1::bigint[]) as u (user_id)
    cross join lateral (
      select * from ${schema}.transactions o where o.user_id = u.user_id and o.status = 'open'
      order by o.transaction_id limit ${AT_ONCE + 1}) t
    left join ${schema}.bills b on b.order_id = t.order_id
    order by t.transaction_id`;
}

// Whoever claims at this moment waits for the row, and then finds it closed.
function closeText(schema: string): string {
  return `insert into ${schema}.bills as b (order_id, user_id, claimed, paid, refunded, closed, version)
    values ($1, $2, 0, 0, 0, true, 0)
    on conflict (order_id) do update set closed = true, version = b.version + (not b.closed)::integer
    returning ${BILL}`;
}
