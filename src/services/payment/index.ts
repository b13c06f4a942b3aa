import { defineService } from '../../platform/app/module.ts';
import { paymentConsumers } from './payment.consumers.ts';
import { paymentContract } from './payment.contract.ts';
import { paymentService } from './payment.service.ts';
import { paymentPostgres } from './postgres/payment.repository.postgres.ts';

export const paymentModule = defineService({
  contract: paymentContract,
  stores: { postgres: { open: paymentPostgres } },
  service: paymentService,
  consumers: paymentConsumers,
  jobs: [{ name: 'settle', everySeconds: 30, run: (payment, ctx) => payment.settle(ctx, {}) }],
});
