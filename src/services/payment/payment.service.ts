import type { Actions } from '../../platform/app/actions.ts';
import type { ServiceParts } from '../../platform/app/module.ts';
import type { Ctx } from '../../platform/contract/contract.ts';
import { captureActions } from './captures/payment.captures.ts';
import { ledgerActions } from './ledger/payment.ledger.ts';
import type { paymentOps } from './payment.contract.ts';
import { refundActions } from './payment.refunds.ts';
import type { ExportMessage, PaymentRepository } from './payment.repository.ts';
import { type ChargePeers, transactionActions } from './payment.transactions.ts';
import { providersOf } from './providers/providers.ts';
import { receivableActions } from './receivables/payment.receivables.ts';
import { notificationActions } from './settlement/payment.notifications.ts';
import { createSettlement } from './settlement/payment.settlement.ts';

/** What payments follow from the events of others. */
export interface PaymentInternalActions {
  /** Allows no further charge or payment for a cancelled order, voids what is open and refunds what was paid. */
  settleCancelledOrder(ctx: Ctx, order: { order_id: number; user_id: number }): Promise<unknown>;
  /** Queues an event from before webhooks became a service for the endpoints of that time. */
  queueForExport(ctx: Ctx, message: ExportMessage): Promise<unknown>;
}

type PaymentParts = ServiceParts<PaymentRepository, ChargePeers, 'config' | 'log'>;

/** Receivables, charges, payments, refunds and the ledger. Throws when the configured provider lacks its keys. */
export function paymentService({ repository: payments, peers, tools: { config, log } }: PaymentParts) {
  const { ledger, webhookExport } = payments;
  const currency = config.CURRENCY;
  const providers = providersOf(config);
  const settlement = createSettlement({ payments, providers, log });

  return {
    ...transactionActions({ payments, peers, currency }),
    ...captureActions({ payments, providers, settlement, currency }),
    ...refundActions({ payments, providers, settlement, log }),
    ...receivableActions({ payments, settlement, currency }),
    ...notificationActions({ payments, providers, settlement }),
    ...ledgerActions({ ledger, log }),
    figures: (_ctx, range) => ledger.figures(range),
    settle: async (ctx) => ({ settled: await settlement.unfinished(ctx) }),
    settleCancelledOrder: settlement.cancelledOrder,
    exportWebhooks: (_ctx, received) => webhookExport.page(received),
    queueForExport: (_ctx, message) => webhookExport.enqueue(message),
  } satisfies Actions<typeof paymentOps> & PaymentInternalActions;
}
