import type { Ctx } from '../../../platform/contract/contract.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import { capture, failPayment } from '../model/payment.capture.model.ts';
import { emptyOperation, type Payment, type PaymentOperation } from '../model/payment.operation.model.ts';
import { MAX_REASON } from '../payment.contract.ts';
import { type RecordOperation, withoutMarks } from '../payment.operations.ts';
import type { PaymentRepository } from '../payment.repository.ts';
import type { PaymentOutcome } from '../providers/provider.ts';
import type { Providers } from '../providers/providers.ts';
import type { SettleCancelledOrder } from './payment.cancellation.ts';

/** A payment after its provider was asked, and the secret with which the customer confirms one that waits. */
export interface SettledPayment {
  readonly operation: PaymentOperation;
  readonly secret?: string;
}

export interface PaymentSettlement {
  /** Asks the provider for the money and saves its answer. */
  settle(ctx: Ctx, payment: Payment): Promise<SettledPayment>;
  /** Cancels a payment at the provider; one that was captured meanwhile stays captured. */
  cancel(ctx: Ctx, payment: Payment): Promise<void>;
}

interface PaymentSettlementParts {
  readonly payments: Pick<PaymentRepository, 'findPayment' | 'account' | 'saveProviderRef'>;
  readonly providers: Providers;
  readonly record: RecordOperation;
  readonly settleCancelledOrder: SettleCancelledOrder;
}

/** The id of an operation that is only returned, never saved. */
const UNSAVED = 0;

export function paymentSettlement(parts: PaymentSettlementParts): PaymentSettlement {
  const { payments, providers, record, settleCancelledOrder } = parts;
  return {
    settle: async (ctx, payment) =>
      follow(ctx, payment.payment_id, await providers.named(payment.provider).pay(payment)),
    async cancel(ctx, payment) {
      await follow(ctx, payment.payment_id, await providers.named(payment.provider).cancel(payment));
    },
  };

  async function follow(ctx: Ctx, payment_id: number, outcome: PaymentOutcome): Promise<SettledPayment> {
    if (outcome.ref !== undefined) await payments.saveProviderRef(payment_id, outcome.ref);
    return retryOnConflict(() => save(ctx, payment_id, outcome));
  }

  async function save(ctx: Ctx, payment_id: number, outcome: PaymentOutcome): Promise<SettledPayment> {
    const found = await payments.findPayment({ payment_id });
    if (!found) throw new Error(`the payment ${payment_id} is missing`);
    const account = await payments.account(found.transaction_ids);
    const { transactions, balances } = account;
    const unchanged = { ...emptyOperation(UNSAVED, 'pay', found.user_id, ctx), transactions, payments: [found] };
    if (found.status !== 'started') return { operation: unchanged };
    if (outcome.state === 'waiting') return { operation: unchanged, secret: outcome.client_secret };
    const operation = await record(ctx, (act_id) =>
      outcome.state === 'captured'
        ? capture({ ...found, provider_ref: outcome.ref }, account, act_id, ctx)
        : failPayment(found, account, { act_id, reason: outcome.reason.slice(0, MAX_REASON) }, ctx),
    );
    // An order that was cancelled while the provider was asked could not be settled before its answer.
    for (const balance of balances.values())
      if (balance.closed) await retryOnConflict(() => settleCancelledOrder(withoutMarks(ctx), balance));
    return { operation };
  }
}
