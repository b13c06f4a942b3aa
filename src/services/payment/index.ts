import { defineService } from '../../platform/app/module.ts';
import { paymentConsumers } from './payment.consumers.ts';
import { paymentContract } from './payment.contract.ts';
import { paymentService } from './payment.service.ts';
import { paymentPostgres } from './postgres/payment.repository.postgres.ts';

const HOUR = 3_600;

export const paymentModule = defineService({
  contract: paymentContract,
  stores: { postgres: { open: paymentPostgres } },
  service: paymentService,
  consumers: paymentConsumers,
  jobs: [
    { name: 'settle', everySeconds: 30, run: (payment, ctx) => payment.settle(ctx, {}) },
    { name: 'send_webhooks', everySeconds: 2, run: (payment, ctx) => payment.sendDue(ctx, {}) },
    { name: 'forget_deliveries', everySeconds: HOUR, run: (payment, ctx) => payment.forgetDeliveries(ctx) },
  ],
});
