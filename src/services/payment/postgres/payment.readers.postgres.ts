import { coalesce } from '../../../platform/db/coalesce.ts';
import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import { MAX_TRANSACTIONS } from '../model/payment.capture.model.ts';
import type { Account, OrderBalance, TransactionState } from '../model/payment.model.ts';
import type { Payment, Refund } from '../model/payment.operation.model.ts';
import { COLUMNS } from './payment.statements.postgres.ts';

/** An open transaction with the balance of its order; null when it belongs to none. */
type OpenRow = TransactionState & { readonly balance: OrderBalance | null };

/** Reads by key; those that wait at the same moment become one statement. */
export function paymentReaders(store: PostgresStore) {
  const { schema, db } = store;
  const by = <K extends string | number, Row extends object>(what: string, from: string, key: string & keyof Row) =>
    store.reader<K, Row>(what, `select ${from} where ${key} = any($1)`, (row) => row[key] as K);
  const open = { name: `${schema} open`, text: openText(schema) };
  return {
    transaction: by<number, TransactionState>(
      'transaction',
      `${COLUMNS.transaction} from ${schema}.transactions`,
      'transaction_id',
    ),
    balance: by<number, OrderBalance>('bill', `${COLUMNS.balance} from ${schema}.bills`, 'order_id'),
    balanceOfInvoice: by<number, OrderBalance>(
      'bill of invoice',
      `${COLUMNS.balance} from ${schema}.bills`,
      'invoice_id',
    ),
    payment: by<number, Payment>('payment', `${COLUMNS.payment} from ${schema}.payments`, 'payment_id'),
    requested: by<string, Payment>('payment by request', `${COLUMNS.payment} from ${schema}.payments`, 'request'),
    refund: by<number, Refund>('refund', `${COLUMNS.refund} from ${schema}.refunds`, 'refund_id'),
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

function accountOf(rows: readonly OpenRow[]): Account {
  const balances = new Map(rows.flatMap(({ balance }) => (balance ? [[balance.order_id, balance] as const] : [])));
  return { transactions: rows.map(({ balance: _balance, ...transaction }) => transaction), balances };
}

/** Of each user the oldest open transactions, one more than a payment takes: so it can tell whether there are more. */
function openText(schema: string): string {
  const columns = COLUMNS.transaction.split(', ').map((name) => `t.${name}`);
  return `select ${columns.join(', ')}, case when b.order_id is not null then row_to_json(b) end as balance
    from unnest($1::bigint[]) as u (user_id)
    cross join lateral (
      select * from ${schema}.transactions o where o.user_id = u.user_id and o.status = 'open'
      order by o.transaction_id limit ${MAX_TRANSACTIONS + 1}) t
    left join ${schema}.bills b on b.order_id = t.order_id
    order by t.transaction_id`;
}
