import { systemCtx } from '../../platform/ctx.ts';
import { defineService } from '../../platform/module.ts';
import { deliveryConsumers } from './delivery.consumers.ts';
import { deliveryContract } from './delivery.contract.ts';
import { deliveryPostgres } from './delivery.repository.postgres.ts';
import { deliveryService } from './delivery.service.ts';

export const deliveryModule = defineService({
  contract: deliveryContract,
  stores: { postgres: deliveryPostgres },
  service: deliveryService,
  consumers: deliveryConsumers,
  jobs: (delivery, _shipments, _peers, { config }) =>
    config.CARRIER_SIMULATION === 'off'
      ? []
      : [
          {
            name: 'delivery.play_simulator',
            everySeconds: 1,
            async run() {
              await delivery.playSimulator(systemCtx());
            },
          },
        ],
});
