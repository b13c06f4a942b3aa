import { TRANSACTION_COLUMNS } from './payment.charges.postgres.ts';
import { REFUND_COLUMNS } from './payment.credit-notes.postgres.ts';
import { PAYMENT_COLUMNS } from './payment.operations.postgres.ts';

const names = (columns: Record<string, string>): string => [...Object.keys(columns), 'version'].join(', ');

/** The columns that are read. The balances of orders are kept in the table `bills`. */
export const COLUMNS = {
  transaction: names(TRANSACTION_COLUMNS),
  payment: names(PAYMENT_COLUMNS),
  refund: names(REFUND_COLUMNS),
  balance:
    'order_id, user_id, invoice_id, total, tax, tax_rate, posted, posted_tax, claimed, paid, refunded, corrected, currency, invoice_closed, closed, version',
};

// What a cancelled order may leave behind: charges, money that was not refunded, or a claim that was not reversed.
const LEFT = '(claimed > refunded or coalesce(posted + corrected > paid, false))';

/** The most payments, refunds and balances that one run of the job `settle` takes. */
const SETTLED_PER_RUN = 100;

/** The statements of the repository by what they are for. */
export function paymentStatements(schema: string) {
  const statement = (name: string, text: string) => ({ name: `${schema} ${name}`, text });
  // One statement for each way in, so that each runs along its own index.
  const list = (of: string) => `select ${COLUMNS.transaction} from ${schema}.transactions
    where ${of} and transaction_id < $2 and ($3::text is null or status = $3) and ($4::bigint is null or invoice_id = $4)
    order by transaction_id desc limit $5`;
  const refunds = (of: string) => `select ${COLUMNS.refund} from ${schema}.refunds
    where ${of} and refund_id < $2 order by refund_id desc limit $3`;
  const some = (which: string) =>
    `select ${COLUMNS.transaction} from ${schema}.transactions where ${which} order by transaction_id`;
  const started = (from: string) =>
    `select ${from} where status = 'started' and created_at < $1 order by created_at limit ${SETTLED_PER_RUN}`;
  return {
    listAll: statement('list', list('$1::bigint is null')),
    listOfUser: statement('list of user', list('user_id = $1')),
    refundsOfAll: statement('refunds', refunds('$1::bigint is null')),
    refundsOfUser: statement('refunds of user', refunds('user_id = $1')),
    some: statement('transactions', some('transaction_id = any($1)')),
    ofOrder: statement('transactions of order', some('user_id = $1 and order_id = $2')),
    saveProviderRef: statement(
      'note ref',
      `update ${schema}.payments set provider_ref = $2 where payment_id = $1 and provider_ref is null`,
    ),
    startedPayments: statement('started payments', started(`${COLUMNS.payment} from ${schema}.payments`)),
    startedRefunds: statement('started refunds', started(`${COLUMNS.refund} from ${schema}.refunds`)),
    // An operation on such a balance takes the mark away again.
    endBalances: statement(
      'end bills',
      `update ${schema}.bills set ended = true where closed and not ended and not ${LEFT}`,
    ),
    // A refund that the provider has refused needs a person: it would be refused again.
    balancesToSettle: statement(
      'bills to settle',
      `select ${COLUMNS.balance} from ${schema}.bills b where closed and not ended and ${LEFT} and not exists (
         select from ${schema}.refunds r where r.order_id = b.order_id and r.status = 'failed')
       order by order_id limit ${SETTLED_PER_RUN}`,
    ),
  };
}
