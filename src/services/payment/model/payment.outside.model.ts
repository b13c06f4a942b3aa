import type { Change, Ctx, EventOf } from '../../../platform/contract/contract.ts';
import { type Minor, minor } from '../../../platform/contract/money.ts';
import { paymentErrors } from '../payment.contract.ts';
import { openAmount } from '../payment.totals.contract.ts';
import type { OutsideMethod } from '../receivables/payment.receivables.contract.ts';
import { capture, createPayment } from './payment.capture.model.ts';
import { pendingOf } from './payment.choice.model.ts';
import {
  type Account,
  createCharge,
  decimal,
  mustBePayable,
  paymentFactsOf,
  type TransactionState,
} from './payment.model.ts';
import { balanceChanges, type PaymentOperation } from './payment.operation.model.ts';
import { outside } from './payment.posting.model.ts';
import { voidTransaction } from './payment.refunds.model.ts';

/** Money for an invoice that came without a provider. */
export interface OutsidePayment {
  readonly order_id: number;
  readonly invoice_id: number;
  readonly method: OutsideMethod;
  readonly reference?: string;
  readonly date: string;
  /** By default all that is owed. */
  readonly amount?: Minor;
}

interface OutsideFacts {
  readonly act_id: number;
  readonly payment_id: number;
  readonly transaction_id: number;
  readonly currency: string;
  /** Under which the payment is found again. */
  readonly request: string;
}

/**
 * One paid transaction over what came from outside. Open transactions that then exceed what is owed are voided, the newest
 * first. Throws PAYMENT_INVOICE_NOT_FOUND, what `mustBePayable` throws, PAYMENT_CAPTURE_RUNNING while a provider may
 * capture, and PAYMENT_INVOICE_COVERED for more than is owed.
 */
export function payOutside(
  account: Account,
  money: OutsidePayment,
  facts: OutsideFacts,
  ctx: Ctx,
): Change<PaymentOperation> {
  const balance = account.balances.get(money.order_id);
  if (!balance || balance.invoice_id !== money.invoice_id) throw paymentErrors.INVOICE_NOT_FOUND();
  const { user_id, order_id } = balance;
  const { currency, transaction_id } = facts;
  mustBePayable(balance, { user_id, currency });
  if (account.transactions.some(({ status }) => status === 'processing')) throw paymentErrors.CAPTURE_RUNNING();
  const owed = openAmount(paymentFactsOf(balance));
  const { amount = owed } = money;
  const total = balance.total ?? owed;
  if (amount > owed) throw paymentErrors.INVOICE_COVERED({ left: decimal(owed), invoice_total: decimal(total) });
  const invoice = { invoice_id: money.invoice_id, order_id, total };
  const description = descriptionOf(money);
  const { next: charge } = createCharge({ transaction_id, user_id, amount, currency, description, invoice }, ctx);
  const changes = balanceChanges(account.balances);
  const voided = exceeding(account.transactions, minor(owed - amount)).map((one) =>
    voidTransaction(one, account, changes, ctx),
  );
  const payment = {
    ...createPayment([charge], { ...facts, user_id, provider: outside(money.method) }, ctx),
    ...{ request: facts.request, reference: money.reference ?? null, received_on: money.date },
  };
  const paid = capture(payment, { transactions: [charge], balances: account.balances }, facts.act_id, ctx, changes);
  return {
    next: {
      ...paid.next,
      kind: 'pay_outside',
      transactions: [...voided.map(({ transaction }) => transaction), ...paid.next.transactions],
      entries: [...voided.flatMap(({ entries = [] }) => entries), ...paid.next.entries],
    },
    events: [...voided.map(({ event }): EventOf => event), ...paid.events],
  };
}

const descriptionOf = ({ method, reference }: OutsidePayment): string =>
  `paid by ${method.replace('_', ' ')}${reference ? `: ${reference}` : ''}`;

/** The newest open transactions, so many that the others come to no more than what is left. */
function exceeding(transactions: readonly TransactionState[], left: Minor): TransactionState[] {
  let over = pendingOf(transactions) - left;
  return transactions
    .filter(({ status }) => status === 'open')
    .toSorted((a, b) => b.transaction_id - a.transaction_id)
    .filter((one) => {
      const exceeds = over > 0;
      if (exceeds) over -= one.amount;
      return exceeds;
    });
}
