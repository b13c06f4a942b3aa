import { defineService } from '../../platform/module.ts';
import { productContract } from './product.contract.ts';
import { productCopyClickHouse } from './product.copy.clickhouse.ts';
import { productCopyPostgres } from './product.copy.postgres.ts';
import { productClickHouse } from './product.repository.clickhouse.ts';
import { productPostgres } from './product.repository.postgres.ts';
import { productService } from './product.service.ts';

export const productModule = defineService({
  contract: productContract,
  stores: {
    postgres: { open: productPostgres, copy: productCopyPostgres },
    clickhouse: { open: productClickHouse, copy: productCopyClickHouse, events: 'products' },
  },
  service: productService,
  start: (product, ctx) => product.prepare(ctx),
  jobs: [{ name: 'fold', everySeconds: 60, run: (product, ctx) => product.fold(ctx) }],
});
