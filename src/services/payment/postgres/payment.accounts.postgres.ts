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
    async accountOfOrder(order_id, user_id) {
      // The balance first: what is charged after it was read is among the transactions, and the save sees that it was.
      const balance = await read.balance(order_id);
      const transactions = await db.query<TransactionState>(statements.ofOrder, [user_id, order_id]);
      return {
        transactions,
        balances: byKey([balance], (one) => one.order_id),
        payments: await paymentsOf(transactions),
      };
    },
  };

  async function accountOf(transactions: readonly TransactionState[]): Promise<PaidAccount> {
    const order_ids = [...new Set(transactions.flatMap(({ order_id }) => order_id ?? []))];
    const [balances, payments] = await Promise.all([
      Promise.all(order_ids.map(read.balance)),
      paymentsOf(transactions),
    ]);
    return { transactions, balances: byKey(balances, (one) => one.order_id), payments };
  }

  async function paymentsOf(transactions: readonly TransactionState[]): Promise<PaidAccount['payments']> {
    const payment_ids = [...new Set(transactions.flatMap(({ payment_id }) => payment_id ?? []))];
    return byKey(await Promise.all(payment_ids.map(read.payment)), (one) => one.payment_id);
  }
}

const byKey = <T>(found: readonly (T | undefined)[], key: (one: T) => number): ReadonlyMap<number, T> =>
  new Map(found.flatMap((one) => (one ? [[key(one), one] as const] : [])));
