import type { Ctx } from '../../../platform/contract/contract.ts';
import { withId } from '../../../platform/contract/ids.ts';
import { captureLate } from '../model/payment.late.model.ts';
import type { Payment, PaymentOperation } from '../model/payment.operation.model.ts';
import { type RecordOperation, withoutMarks } from '../payment.operations.ts';
import type { PaymentRepository } from '../payment.repository.ts';
import type { Providers } from '../providers/providers.ts';
import type { SettleRefund } from './payment.refund-settlement.ts';

interface LateCaptureParts {
  readonly payments: Pick<PaymentRepository, 'ids'>;
  readonly providers: Providers;
  readonly record: RecordOperation;
  readonly settleRefund: SettleRefund;
}

/** Gives back what a provider captured of a payment that had failed, as `Settlement.failedPayment` promises. */
export function lateCapture({ payments: { ids }, providers, record, settleRefund }: LateCaptureParts) {
  return async function settleFailed(ctx: Ctx, payment: Payment): Promise<void> {
    // Never `pay`: what is not captured yet is not to be.
    const outcome = await providers.named(payment.provider).cancel(payment);
    if (outcome.state !== 'captured') return;
    const save = (transaction_id: number, refund_id: number): Promise<PaymentOperation> =>
      record(ctx, (act_id) =>
        captureLate(payment, { act_id, transaction_id, refund_id, provider_ref: outcome.ref }, ctx),
      );
    const operation = await withId(
      ids.transaction,
      (transaction_id) =>
        withId(
          ids.refund,
          (refund_id) => save(transaction_id, refund_id),
          ({ refunds: [refund] }) => refund?.refund_id,
        ),
      ({ transactions: [made] }) => made?.transaction_id,
    );
    for (const one of operation.refunds) await settleRefund(withoutMarks(ctx), { ...one, version: 1 });
  };
}
