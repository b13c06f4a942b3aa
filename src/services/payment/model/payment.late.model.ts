import type { Change, Ctx } from '../../../platform/contract/contract.ts';
import { minor } from '../../../platform/contract/money.ts';
import { capture } from './payment.capture.model.ts';
import { createCharge } from './payment.model.ts';
import { balanceChanges, type Payment, type PaymentOperation } from './payment.operation.model.ts';
import { refundTransaction } from './payment.refunds.model.ts';

interface LateFacts {
  readonly act_id: number;
  readonly transaction_id: number;
  readonly refund_id: number;
  readonly provider_ref: string;
}

/**
 * A provider has captured a payment that had failed here: what it was for is open again, paid otherwise or withdrawn. So
 * the money is a transaction of its own, without an invoice, and goes back as a credit.
 */
export function captureLate(failed: Payment, facts: LateFacts, ctx: Ctx): Change<PaymentOperation> {
  const { act_id, transaction_id, refund_id, provider_ref } = facts;
  const { payment_id, user_id, amount, currency } = failed;
  const description = `payment ${payment_id}, which was captured after it had failed`;
  const { next: charge } = createCharge({ transaction_id, user_id, amount, currency, description }, ctx);
  const payment: Payment = { ...failed, provider_ref };
  const balances = new Map();
  const captured = capture(payment, { transactions: [charge], balances }, act_id, ctx);
  const [paid = charge] = captured.next.transactions;
  const account = { transactions: [paid], balances, payments: new Map([[payment_id, payment]]) };
  const back = { refund_id, amount, reason: description, kind: 'credit', immediate: false } as const;
  const { transaction, refund, event } = refundTransaction(paid, account, back, balanceChanges(balances), ctx);
  return {
    next: {
      ...captured.next,
      transactions: [transaction],
      refunds: refund ? [refund] : [],
      unbilled_released: minor(-amount),
    },
    events: [...captured.events, event],
  };
}
