import type { TestEngine } from '../../platform/config.ts';
import type { Ctx } from '../../platform/contract.ts';
import { systemCtx } from '../../platform/ctx.ts';
import { type Database, openDatabase } from '../../platform/db/postgres.ts';
import { postgresStore } from '../../platform/db/store.ts';
import { minor } from '../../platform/money.ts';
import { testDatabase } from '../../platform/testing/databases.ts';
import { type CreateProduct, productContract } from './product.contract.ts';
import { createProduct, type ProductState } from './product.model.ts';
import { productPostgres } from './product.repository.postgres.ts';
import type { ProductRepository } from './product.repository.ts';

export const NOW = '2026-07-28T09:30:00.000Z';

/** A context of the platform itself at a moment. */
export function at(now = NOW, more: Partial<Ctx> = {}): Ctx {
  return Object.freeze({ ...systemCtx(now), ...more });
}

/** Repositories on one database, as two processes would have them. */
export interface KeptProducts {
  readonly db: Database;
  readonly products: ProductRepository;
  readonly others: ProductRepository;
  /** Saves a new product: a lamp for 45.00, of which five are there. */
  product(more?: Partial<CreateProduct>): Promise<ProductState>;
  stockOf(product_id: number): Promise<number | null>;
  /** Empties every table. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** An empty database with the tables of the product service. */
export async function keptProducts(engine: TestEngine): Promise<KeptProducts> {
  const { url, drop } = await testDatabase(engine);
  const [db, otherDb] = [openDatabase(url), openDatabase(url)];
  const [products, others] = [db, otherDb].map((one) => productPostgres(postgresStore(one, productContract))) as [
    ProductRepository,
    ProductRepository,
  ];
  return {
    db,
    products,
    others,
    async product(more = {}) {
      const input = { name: 'Lamp', price: minor(4_500), category: 'Home', stock_quantity: 5, ...more };
      const facts = { product_id: await products.nextId(), currency: 'USD' };
      return products.save(at(), createProduct(input, facts, at()));
    },
    stockOf: async (product_id) => (await products.get(product_id)).stock_quantity,
    clear: () =>
      db.script(
        `truncate ${['products', 'reservations', 'outbox', 'request'].map((table) => `tradepost_product.${table}`)}`,
      ),
    async close() {
      await Promise.all([db.close(), otherDb.close()]);
      await drop();
    },
  };
}
