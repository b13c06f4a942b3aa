import { defineService } from '../../platform/app/module.ts';
import { orderCopyClickHouse } from './clickhouse/order.copy.clickhouse.ts';
import { orderClickHouse } from './clickhouse/order.repository.clickhouse.ts';
import { orderConsumers } from './order.consumers.ts';
import { orderContract } from './order.contract.ts';
import { orderService } from './order.service.ts';
import { orderSettings } from './order.settings.ts';
import { orderCopyPostgres } from './postgres/order.copy.postgres.ts';
import { orderPostgres } from './postgres/order.repository.postgres.ts';

export const orderModule = defineService({
  contract: orderContract,
  settings: orderSettings,
  stores: {
    postgres: { open: orderPostgres, copy: orderCopyPostgres },
    clickhouse: { open: orderClickHouse, copy: orderCopyClickHouse, events: 'orders' },
  },
  service: orderService,
  consumers: orderConsumers,
  jobs: [
    { name: 'settle_reservations', everySeconds: 60, run: (order, ctx) => order.settleReservations(ctx, {}) },
    { name: 'cancel_expired', everySeconds: 60, run: (order, ctx) => order.cancelExpired(ctx, {}) },
    { name: 'compare_shipments', everySeconds: 60, run: (order, ctx) => order.compareShipments(ctx, {}) },
    { name: 'compare_units', everySeconds: 600, run: (order, ctx) => order.compareUnits(ctx, {}) },
    { name: 'compare_receivables', everySeconds: 60, run: (order, ctx) => order.compareReceivables(ctx, {}) },
  ],
});
