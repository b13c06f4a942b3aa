import type { Ctx } from '../../../platform/contract/contract.ts';
import { withIds } from '../../../platform/contract/ids.ts';
import { settleCancelled } from '../model/payment.cancellation.model.ts';
import { refundable } from '../model/payment.refunds.model.ts';
import { type RecordOperation, withoutMarks } from '../payment.operations.ts';
import type { PaymentRepository } from '../payment.repository.ts';
import type { Providers } from '../providers/providers.ts';
import type { SettleRefund } from './payment.refund-settlement.ts';

export interface CancelledOrder {
  readonly order_id: number;
  readonly user_id: number;
}

export type SettleCancelledOrder = (ctx: Ctx, order: CancelledOrder) => Promise<void>;

interface CancellationParts {
  readonly payments: Pick<PaymentRepository, 'ids' | 'receivables' | 'accountOfOrder'>;
  readonly providers: Providers;
  readonly record: RecordOperation;
  readonly settleRefund: SettleRefund;
}

/** Voids and refunds the transactions of a cancelled order, as `Settlement.cancelledOrder` promises. */
export function cancelledOrderSettlement(parts: CancellationParts): SettleCancelledOrder {
  const { payments, providers, record, settleRefund } = parts;
  return async function settleCancelledOrder(ctx, { order_id, user_id }) {
    // Closed first: from here on the transactions of the order can only become fewer.
    await payments.receivables.closeOrder(order_id, user_id);
    const account = await payments.accountOfOrder(order_id, user_id);
    const refunds = account.transactions.filter((one) => refundable(one) > 0);
    const immediate = (provider: string) => providers.named(provider).immediate;
    const save = (refund_ids: readonly number[]) =>
      record(ctx, (act_id) => settleCancelled(account, { act_id, refund_ids, immediate }, ctx));
    const operation = await withIds(payments.ids.refund, refunds.length, save, (saved) =>
      saved.refunds.map(({ refund_id }) => refund_id),
    );
    // After a crash at this point the job `settle` finds the started refunds.
    for (const one of operation.refunds)
      if (one.status === 'started') await settleRefund(withoutMarks(ctx), { ...one, version: 1 });
  };
}
