import { defineService } from '../../../src/platform/app/module.ts';
import { widgetContract } from './widget.contract.ts';
import { widgetClickHouse } from './widget.repository.clickhouse.ts';
import { widgetPostgres } from './widget.repository.postgres.ts';
import { widgetService } from './widget.service.ts';

export const widgetModule = defineService({
  contract: widgetContract,
  stores: { postgres: { open: widgetPostgres }, clickhouse: { open: widgetClickHouse, events: 'widgets' } },
  service: widgetService,
});
