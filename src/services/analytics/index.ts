import { defineService } from '../../platform/app/module.ts';
import { analyticsConsumers } from './analytics.consumers.ts';
import { analyticsContract } from './analytics.contract.ts';
import { analyticsService } from './analytics.service.ts';
import { analyticsCopyClickHouse } from './clickhouse/analytics.copy.clickhouse.ts';
import { analyticsClickHouse } from './clickhouse/analytics.repository.clickhouse.ts';
import { analyticsCopyPostgres } from './postgres/analytics.copy.postgres.ts';
import { analyticsPostgres } from './postgres/analytics.repository.postgres.ts';

export const analyticsModule = defineService({
  contract: analyticsContract,
  stores: {
    postgres: { open: analyticsPostgres, copy: analyticsCopyPostgres },
    clickhouse: { open: analyticsClickHouse, copy: analyticsCopyClickHouse },
  },
  service: analyticsService,
  consumers: analyticsConsumers,
  jobs: [
    { name: 'watch', everySeconds: 60, run: (analytics, ctx) => analytics.watch(ctx) },
    { name: 'compare_books', everySeconds: 60, run: (analytics, ctx) => analytics.compareBooks(ctx, {}) },
  ],
});
