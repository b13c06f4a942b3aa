import { defineService } from '../../platform/module.ts';
import { orderConsumers } from './order.consumers.ts';
import { orderContract } from './order.contract.ts';
import { orderCopyClickHouse } from './order.copy.clickhouse.ts';
import { orderCopyPostgres } from './order.copy.postgres.ts';
import { orderClickHouse } from './order.repository.clickhouse.ts';
import { orderPostgres } from './order.repository.postgres.ts';
import { orderService } from './order.service.ts';

export const orderModule = defineService({
  contract: orderContract,
  stores: {
    postgres: { open: orderPostgres, copy: orderCopyPostgres },
    clickhouse: { open: orderClickHouse, copy: orderCopyClickHouse, events: 'orders' },
  },
  service: orderService,
  consumers: orderConsumers,
  jobs: [{ name: 'settle_reservations', everySeconds: 60, run: (order, ctx) => order.settleReservations(ctx, {}) }],
});
