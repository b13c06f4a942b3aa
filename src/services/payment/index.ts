import { defineService } from '../../platform/app/module.ts';
import { paymentConsumers } from './payment.consumers.ts';
import { paymentContract } from './payment.contract.ts';
import { paymentService } from './payment.service.ts';
import { paymentSettings } from './payment.settings.ts';
import { paymentPostgres } from './postgres/payment.repository.postgres.ts';

export const paymentModule = defineService({
  contract: paymentContract,
  settings: paymentSettings,
  stores: { postgres: { open: paymentPostgres } },
  service: paymentService,
  consumers: paymentConsumers,
  jobs: [
    { name: 'settle', everySeconds: 30, run: (payment, ctx) => payment.settle(ctx, {}) },
    { name: 'check_ledger', everySeconds: 60, run: (payment, ctx) => payment.check(ctx, {}) },
  ],
});
