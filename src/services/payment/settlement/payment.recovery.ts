import type { Ctx } from '../../../platform/contract/contract.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import type { Log } from '../../../platform/observability/log.ts';
import type { PaymentRepository } from '../payment.repository.ts';
import type { CancelledOrder, SettleCancelledOrder } from './payment.cancellation.ts';
import type { PaymentSettlement } from './payment.payment-settlement.ts';
import type { SettleRefund } from './payment.refund-settlement.ts';

/** A step that was started less than this ago is left to the request that started it. */
const INTERRUPTED_AFTER_MS = 60_000;
/** A payment that waits for its customer is cancelled after this time. */
const EXPIRES_AFTER_MS = 3_600_000;

interface RecoveryParts {
  readonly payments: Pick<PaymentRepository, 'unfinished' | 'accountOfOrder'>;
  readonly payment: PaymentSettlement;
  readonly settleRefund: SettleRefund;
  readonly settleCancelledOrder: SettleCancelledOrder;
  readonly log: Pick<Log, 'warn'>;
}

/** Goes on with what was interrupted, as `Settlement.unfinished` promises. What fails is logged and tried next time. */
export function recovery(parts: RecoveryParts): (ctx: Ctx) => Promise<number> {
  const { payments, payment, settleRefund, settleCancelledOrder, log } = parts;

  return async function settleUnfinished(ctx) {
    const now = Date.parse(ctx.now);
    const found = await payments.unfinished(new Date(now - INTERRUPTED_AFTER_MS).toISOString());
    const settled: boolean[] = [];
    for (const one of found.payments) {
      const expired = now - Date.parse(one.created_at) > EXPIRES_AFTER_MS;
      const work = () => (expired ? payment.cancel(ctx, one) : payment.settle(ctx, one));
      settled.push(await attempt({ payment_id: one.payment_id }, work));
    }
    for (const one of found.refunds)
      settled.push(await attempt({ refund_id: one.refund_id }, () => settleRefund(ctx, one)));
    for (const one of found.balances)
      settled.push(await attempt({ order_id: one.order_id }, () => settleOrder(ctx, one)));
    return settled.filter(Boolean).length;
  };

  /** Whether it was settled. One that fails must not keep the others from being tried. */
  async function attempt(subject: object, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      log.warn({ ...subject, err: error }, 'what was interrupted could not be settled; it is tried again');
      return false;
    }
  }

  /** The payments of a cancelled order that wait for their customer are cancelled, then the rest is settled. */
  async function settleOrder(ctx: Ctx, order: CancelledOrder): Promise<void> {
    const account = await payments.accountOfOrder(order.order_id, order.user_id);
    const waiting = account.transactions.filter(({ status }) => status === 'processing');
    for (const id of new Set(waiting.map(({ payment_id }) => payment_id ?? 0))) {
      const found = account.payments.get(id);
      if (found) await payment.cancel(ctx, found);
    }
    await retryOnConflict(() => settleCancelledOrder(ctx, order));
  }
}
