import { systemCtx } from '../../platform/ctx.ts';
import { defineService } from '../../platform/module.ts';
import { paymentConsumers } from './payment.consumers.ts';
import { paymentContract } from './payment.contract.ts';
import { paymentPostgres } from './payment.repository.postgres.ts';
import { paymentService } from './payment.service.ts';

const HOUR = 3_600;
const DELIVERIES_KEPT_MS = 30 * 24 * HOUR * 1_000;

export const paymentModule = defineService({
  contract: paymentContract,
  stores: { postgres: paymentPostgres },
  service: paymentService,
  consumers: paymentConsumers,
  jobs: (payment, payments) => [
    {
      name: 'payment.settle',
      everySeconds: 30,
      async run() {
        await payment.settle(systemCtx());
      },
    },
    {
      name: 'payment.send_webhooks',
      everySeconds: 2,
      async run() {
        await payment.sendDue(systemCtx());
      },
    },
    {
      name: 'payment.forget_deliveries',
      everySeconds: HOUR,
      run: () => payments.webhooks.forget(new Date(Date.now() - DELIVERIES_KEPT_MS).toISOString()),
    },
  ],
});
