import { defineService } from '../../platform/module.ts';
import { productContract } from './product.contract.ts';
import { productCopyClickHouse } from './product.copy.clickhouse.ts';
import { productCopyPostgres } from './product.copy.postgres.ts';
import { productClickHouse } from './product.repository.clickhouse.ts';
import { productPostgres } from './product.repository.postgres.ts';
import { putSamples } from './product.samples.ts';
import { productService } from './product.service.ts';

export const productModule = defineService({
  contract: productContract,
  stores: {
    postgres: productPostgres,
    clickhouse: { events: 'products', open: productClickHouse },
    copy: { postgres: productCopyPostgres, clickhouse: productCopyClickHouse },
  },
  service: productService,
  async start(_service, products, { config, log }) {
    const folded = await products.fold();
    if (folded > 0) log.info({ count: folded }, 'folded the text of products that an earlier version has kept');
    if (config.SAMPLE_DATA === 'off') return;
    const count = await putSamples(products, config.CURRENCY, new Date().toISOString());
    if (count > 0) log.info({ count }, 'put the sample products into the empty catalogue');
  },
  // An earlier version may still be running beside this one.
  jobs: (_service, products) => [
    {
      name: 'product.fold',
      everySeconds: 60,
      async run() {
        await products.fold();
      },
    },
  ],
});
