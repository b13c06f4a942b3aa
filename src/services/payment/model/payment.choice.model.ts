import type { Ctx } from '../../../platform/contract/contract.ts';
import { minor, sum } from '../../../platform/contract/money.ts';
import { paymentErrors } from '../payment.contract.ts';
import { amountDue, netPaid } from '../payment.totals.contract.ts';
import {
  type Account,
  createCharge,
  isClosed,
  mustBePayable,
  type OrderBalance,
  paymentFactsOf,
  type TransactionState,
} from './payment.model.ts';

const PENDING: readonly string[] = ['open', 'processing'];

/** What is charged of an order and not paid yet: open, or at a provider. */
export const pendingOf = (transactions: readonly TransactionState[]) =>
  sum(transactions.filter(({ status }) => PENDING.includes(status)).map(({ amount }) => amount));

/** What is due of an order and not charged yet; never less than zero. */
export function uncharged(transactions: readonly TransactionState[], balance: OrderBalance) {
  const facts = paymentFactsOf(balance);
  return minor(Math.max(0, amountDue(facts) - netPaid(facts) - pendingOf(transactions)));
}

/**
 * These transactions of one user, which are all paid or none. Throws PAYMENT_NO_TRANSACTION, PAYMENT_NOT_OPEN,
 * PAYMENT_INVOICE_CANCELLED or PAYMENT_MIXED_CURRENCIES.
 */
export function chooseTransactions(
  { transactions, balances }: Account,
  { ids, user_id }: { readonly ids: readonly number[]; readonly user_id: number },
): TransactionState[] {
  const known = new Map(transactions.map((one) => [one.transaction_id, one]));
  const chosen = ids.map((transaction_id) => {
    const one = known.get(transaction_id);
    if (one?.user_id !== user_id) throw paymentErrors.NO_TRANSACTION({ transaction_id });
    if (one.status !== 'open') throw paymentErrors.NOT_OPEN({ transaction_id, status: one.status });
    const balance = one.order_id === null ? undefined : balances.get(one.order_id);
    if (balance && isClosed(balance)) throw paymentErrors.INVOICE_CANCELLED();
    return one;
  });
  if (new Set(chosen.map(({ currency }) => currency)).size > 1) throw paymentErrors.MIXED_CURRENCIES();
  return chosen;
}

interface InvoiceChoice {
  readonly balance: OrderBalance;
  readonly currency: string;
  /** The id of a transaction that is made when none is open. */
  readonly transaction_id: number;
}

/**
 * What pays an invoice: its open transactions, or a new one over its rest when none is open. Throws what `mustBePayable`
 * throws, and PAYMENT_CAPTURE_RUNNING when a provider may capture all that is left.
 */
export function chooseInvoice(account: Account, choice: InvoiceChoice, ctx: Ctx): TransactionState[] {
  const { balance, currency, transaction_id } = choice;
  const { invoice_id, order_id, user_id } = balance;
  mustBePayable(balance, { user_id, currency });
  const open = account.transactions.filter((one) => one.status === 'open' && one.invoice_id === invoice_id);
  if (open.length > 0) return open;
  const amount = uncharged(account.transactions, balance);
  if (amount === 0 || invoice_id === null) throw paymentErrors.CAPTURE_RUNNING();
  const invoice = { invoice_id, order_id, total: balance.total ?? amount };
  const description = `invoice ${invoice_id}`;
  return [createCharge({ transaction_id, user_id, amount, currency, description, invoice }, ctx).next];
}
