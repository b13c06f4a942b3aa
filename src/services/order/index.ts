import { systemCtx } from '../../platform/ctx.ts';
import { defineService } from '../../platform/module.ts';
import { orderConsumers } from './order.consumers.ts';
import { orderContract } from './order.contract.ts';
import { orderClickHouse } from './order.repository.clickhouse.ts';
import { orderPostgres } from './order.repository.postgres.ts';
import { orderService } from './order.service.ts';

export const orderModule = defineService({
  contract: orderContract,
  stores: { postgres: orderPostgres, clickhouse: { events: 'orders', open: orderClickHouse } },
  service: orderService,
  consumers: orderConsumers,
  jobs: (order) => [
    {
      name: 'order.settle_reservations',
      everySeconds: 60,
      async run() {
        await order.settleReservations(systemCtx());
      },
    },
  ],
});
