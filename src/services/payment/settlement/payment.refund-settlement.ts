import type { Ctx } from '../../../platform/contract/contract.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import type { Refund } from '../model/payment.operation.model.ts';
import { completeRefund, failRefund } from '../model/payment.refunds.model.ts';
import { MAX_REASON } from '../payment.contract.ts';
import type { RecordOperation } from '../payment.operations.ts';
import type { PaymentRepository } from '../payment.repository.ts';
import type { RefundOutcome } from '../providers/provider.ts';
import type { Providers } from '../providers/providers.ts';

export type SettleRefund = (ctx: Ctx, refund: Refund) => Promise<void>;

interface RefundSettlementParts {
  readonly payments: Pick<PaymentRepository, 'findPayment' | 'findRefund' | 'account'>;
  readonly providers: Providers;
  readonly record: RecordOperation;
}

/** Asks the provider about a started refund and saves its answer, as `Settlement.refund` promises. */
export function refundSettlement({ payments, providers, record }: RefundSettlementParts): SettleRefund {
  return async function settleRefund(ctx, refund) {
    const payment = await payments.findPayment({ payment_id: refund.payment_id });
    if (!payment) throw new Error(`the payment ${refund.payment_id} is missing`);
    const outcome = await providers.named(refund.provider).refund(refund, payment);
    if (outcome.state !== 'waiting') await retryOnConflict(() => save(ctx, refund.refund_id, outcome));
  };

  async function save(
    ctx: Ctx,
    refund_id: number,
    outcome: Exclude<RefundOutcome, { state: 'waiting' }>,
  ): Promise<void> {
    const found = await payments.findRefund(refund_id);
    if (found?.status !== 'started') return;
    const account = await payments.account([found.transaction_id]);
    await record(ctx, (act_id) =>
      outcome.state === 'done'
        ? completeRefund(found, account, { act_id, provider_ref: outcome.ref }, ctx)
        : failRefund(found, account, { act_id, reason: outcome.reason.slice(0, MAX_REASON) }, ctx),
    );
  }
}
