import type { Ctx } from '../../../platform/contract/contract.ts';
import { withId } from '../../../platform/contract/ids.ts';
import type { TransactionState } from '../model/payment.model.ts';
import { type OutsidePayment, payOutside } from '../model/payment.outside.model.ts';
import { paymentErrors } from '../payment.contract.ts';
import { operationRecorder } from '../payment.operations.ts';
import type { PaymentRepository } from '../payment.repository.ts';

/** Records money that came without a provider, and returns its transaction. Throws what `payOutside` throws, and STALE. */
export function outsidePayments(payments: PaymentRepository, currency: string) {
  const record = operationRecorder(payments);

  // Under its key a payment is found again, also by one who asks at the same moment.
  return async function pay(ctx: Ctx, money: OutsidePayment, request: string): Promise<TransactionState> {
    const [balance] = await payments.receivables.find([money.order_id]);
    if (!balance) throw paymentErrors.INVOICE_NOT_FOUND();
    const account = await payments.accountOfOrder(money.order_id, balance.user_id);
    // Looked for after the account was read: what has paid it by then is found.
    const before = await payments.findPayment({ request });
    if (before) return payments.get(before.transaction_ids[0] ?? 0);
    const { ids } = payments;
    const saved = await withId(
      ids.transaction,
      (transaction_id) =>
        withId(
          ids.payment,
          (payment_id) =>
            record(ctx, (act_id) =>
              payOutside(account, money, { act_id, payment_id, transaction_id, currency, request }, ctx),
            ),
          ({ payments: [payment] }) => payment?.payment_id,
        ),
      ({ transactions }) => transactions.at(-1)?.transaction_id,
    );
    const paid = saved.transactions.at(-1);
    if (!paid) throw new Error(`nothing was paid for order ${money.order_id}`);
    return paid;
  };
}
