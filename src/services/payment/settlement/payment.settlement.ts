import type { Ctx } from '../../../platform/contract/contract.ts';
import type { Log } from '../../../platform/observability/log.ts';
import type { Payment, Refund } from '../model/payment.operation.model.ts';
import { operationRecorder } from '../payment.operations.ts';
import type { PaymentRepository } from '../payment.repository.ts';
import type { Providers } from '../providers/providers.ts';
import { type CancelledOrder, cancelledOrderSettlement } from './payment.cancellation.ts';
import { lateCapture } from './payment.late-capture.ts';
import { paymentSettlement, type SettledPayment } from './payment.payment-settlement.ts';
import { recovery } from './payment.recovery.ts';
import { refundSettlement } from './payment.refund-settlement.ts';

/** Brings payments and refunds that wait for a provider, and what was paid for cancelled orders, to their end. */
export interface Settlement {
  /** Asks the provider about a payment and saves its answer. Throws UNAVAILABLE when the provider gives none. */
  payment(ctx: Ctx, payment: Payment): Promise<SettledPayment>;
  /**
   * Looks what became of a payment that has failed here: what its provider captured all the same is given back. Throws
   * STALE when somebody else has done so at the same moment.
   */
  failedPayment(ctx: Ctx, payment: Payment): Promise<void>;
  /** Asks the provider about a refund and saves its answer. Throws UNAVAILABLE when the provider gives none. */
  refund(ctx: Ctx, refund: Refund): Promise<void>;
  /** Allows no further charge or payment for an order, voids what is open and refunds what was paid. */
  cancelledOrder(ctx: Ctx, order: CancelledOrder): Promise<void>;
  /** Goes on with everything that was interrupted. Returns how much of it was settled. */
  unfinished(ctx: Ctx): Promise<number>;
}

interface SettlementParts {
  readonly payments: PaymentRepository;
  readonly providers: Providers;
  readonly log: Pick<Log, 'warn'>;
}

export function createSettlement({ payments, providers, log }: SettlementParts): Settlement {
  const record = operationRecorder(payments);
  const refund = refundSettlement({ payments, providers, record });
  const cancelledOrder = cancelledOrderSettlement({ payments, providers, record, settleRefund: refund });
  const payment = paymentSettlement({ payments, providers, record, settleCancelledOrder: cancelledOrder });
  const unfinished = recovery({ payments, payment, settleRefund: refund, settleCancelledOrder: cancelledOrder, log });
  const failedPayment = lateCapture({ payments, providers, record, settleRefund: refund });
  return { payment: payment.settle, failedPayment, refund, cancelledOrder, unfinished };
}
