import { defineService } from '../../platform/app/module.ts';
import { deliveryConsumers } from './delivery.consumers.ts';
import { deliveryContract } from './delivery.contract.ts';
import { deliveryPostgres } from './delivery.repository.postgres.ts';
import { deliveryService } from './delivery.service.ts';
import { deliverySettings } from './delivery.settings.ts';

export const deliveryModule = defineService({
  contract: deliveryContract,
  settings: deliverySettings,
  stores: { postgres: { open: deliveryPostgres } },
  service: deliveryService,
  consumers: deliveryConsumers,
  jobs: [{ name: 'play_simulator', everySeconds: 1, run: (delivery, ctx) => delivery.playSimulator(ctx, {}) }],
});
