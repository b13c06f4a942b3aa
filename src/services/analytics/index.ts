import { defineService } from '../../platform/module.ts';
import { analyticsConsumers } from './analytics.consumers.ts';
import { analyticsContract } from './analytics.contract.ts';
import { analyticsCopyClickHouse } from './analytics.copy.clickhouse.ts';
import { analyticsCopyPostgres } from './analytics.copy.postgres.ts';
import { analyticsClickHouse } from './analytics.repository.clickhouse.ts';
import { analyticsPostgres } from './analytics.repository.postgres.ts';
import { analyticsService } from './analytics.service.ts';

export const analyticsModule = defineService({
  contract: analyticsContract,
  stores: {
    postgres: { open: analyticsPostgres, copy: analyticsCopyPostgres },
    clickhouse: { open: analyticsClickHouse, copy: analyticsCopyClickHouse },
  },
  service: analyticsService,
  consumers: analyticsConsumers,
});
