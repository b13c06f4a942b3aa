import type { PostgresStore } from '../../../platform/db/postgres/store/store.ts';
import type { TransactionState } from '../model/payment.model.ts';
import type { PaidAccount } from '../model/payment.refunds.model.ts';
import type { PaymentRepository } from '../payment.repository.ts';
import type { paymentReaders } from './payment.readers.postgres.ts';
import type { paymentStatements } from './payment.statements.postgres.ts';

interface AccountParts {
  readonly db: PostgresStore['db'];
  readonly read: ReturnType<typeof paymentReaders>;
  readonly statements: ReturnType<typeof paymentStatements>;
}

type Accounts = Pick<PaymentRepository, 'openAccount' | 'account' | 'accountOfOrder'>;

/** Accounts, as the repository promises them. */
export function accountsPostgres({ db, read, statements }: AccountParts): Accounts {
  return {
    openAccount: read.open,
    account: async (ids) => accountOf(await db.query<TransactionState>(statements.some, [ids])),
    accountOfOrder: async (order_id, user_id) =>
      accountOf(await db.query<TransactionState>(statements.ofOrder, [user_id, order_id]), [order_id]),
  };

  async function accountOf(
    transactions: readonly TransactionState[],
    orders: readonly number[] = [],
  ): Promise<PaidAccount> {
    const order_ids = [...new Set([...orders, ...transactions.flatMap(({ order_id }) => order_id ?? [])])];
    const payment_ids = [...new Set(transactions.flatMap(({ payment_id }) => payment_id ?? []))];
    const [balances, payments] = await Promise.all([
      Promise.all(order_ids.map(read.balance)),
      Promise.all(payment_ids.map(read.payment)),
    ]);
    return {
      transactions,
      balances: new Map(balances.flatMap((one) => (one ? [[one.order_id, one] as const] : []))),
      payments: new Map(payments.flatMap((one) => (one ? [[one.payment_id, one] as const] : []))),
    };
  }
}
