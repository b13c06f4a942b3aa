import { defineService } from '../../platform/app/module.ts';
import { productCopyClickHouse } from './clickhouse/product.copy.clickhouse.ts';
import { productClickHouse } from './clickhouse/product.repository.clickhouse.ts';
import { productCopyPostgres } from './postgres/product.copy.postgres.ts';
import { productPostgres } from './postgres/product.repository.postgres.ts';
import { productConsumers } from './product.consumers.ts';
import { productContract } from './product.contract.ts';
import { productService } from './product.service.ts';
import { productSettings } from './product.settings.ts';

export const productModule = defineService({
  contract: productContract,
  settings: productSettings,
  stores: {
    postgres: { open: productPostgres, copy: productCopyPostgres },
    clickhouse: { open: productClickHouse, copy: productCopyClickHouse, events: 'products' },
  },
  service: productService,
  consumers: productConsumers,
  start: (product, ctx) => product.prepare(ctx),
  jobs: [{ name: 'fold', everySeconds: 60, run: (product, ctx) => product.fold(ctx) }],
});
