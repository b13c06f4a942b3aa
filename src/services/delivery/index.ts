import { systemCtx } from '../../platform/ctx.ts';
import { defineService, type Job } from '../../platform/module.ts';
import { deliveryConsumers } from './delivery.consumers.ts';
import { deliveryContract } from './delivery.contract.ts';
import { deliveryPostgres } from './delivery.repository.postgres.ts';
import { deliveryService } from './delivery.service.ts';

export const deliveryModule = defineService({
  contract: deliveryContract,
  stores: { postgres: deliveryPostgres },
  service: deliveryService,
  consumers: deliveryConsumers,
  jobs: (delivery, _shipments, _peers, { config }) => [
    {
      name: 'delivery.reconcile',
      everySeconds: 60,
      async run() {
        await delivery.reconcile(systemCtx());
      },
    },
    ...(config.CARRIER_SIMULATION === 'off' ? [] : [playing(delivery)]),
  ],
});

const playing = (delivery: ReturnType<typeof deliveryService>): Job => ({
  name: 'delivery.play_simulator',
  everySeconds: 1,
  async run() {
    await delivery.playSimulator(systemCtx());
  },
});
