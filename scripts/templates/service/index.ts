import { defineService } from '../../../src/platform/module.ts';
import { widgetContract } from './widget.contract.ts';
import { widgetPostgres } from './widget.repository.postgres.ts';
import { widgetService } from './widget.service.ts';

export const widgetModule = defineService({
  contract: widgetContract,
  stores: { postgres: widgetPostgres },
  service: widgetService,
});
