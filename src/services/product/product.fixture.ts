import type { Stores } from '../../platform/app/module.ts';
import type { Ctx } from '../../platform/contract/contract.ts';
import { systemCtx } from '../../platform/contract/ctx.ts';
import { minor } from '../../platform/contract/money.ts';
import type { ClickHouseStore } from '../../platform/db/clickhouse/store/store.ts';
import type { StoredRow, TestStore } from '../../testing/stores.ts';
import { productClickHouse } from './clickhouse/product.repository.clickhouse.ts';
import { productPostgres } from './postgres/product.repository.postgres.ts';
import { type CreateProduct, type LineItem, productContract } from './product.contract.ts';
import { createProduct, type ProductState } from './product.model.ts';
import type { ProductRepository, ReservationRequest } from './product.repository.ts';

export const NOW = '2026-07-28T09:30:00.000Z';

/** A context of the platform itself at a moment. */
export function at(now = NOW, more: Partial<Ctx> = {}): Ctx {
  return Object.freeze({ ...systemCtx(now), ...more });
}

/** What an order asks for in a shop that is paid in USD. */
export function wanted(
  order_id: number,
  lines: readonly LineItem[],
  until: string,
  more: Partial<ReservationRequest> = {},
): ReservationRequest {
  return { order_id, lines, until, currency: 'USD', at: NOW, ...more };
}

/** Repositories on one store, as two processes would have them. */
export interface KeptProducts extends StoredRow<ProductRepository> {
  readonly products: ProductRepository;
  readonly others: ProductRepository;
  /** Saves a new product: a lamp for 45.00, of which five are there. */
  product(more?: Partial<CreateProduct>, ctx?: Ctx): Promise<ProductState>;
  stockOf(product_id: number): Promise<number | null>;
  /** What each process has on ClickHouse: for rows that only another version would write. */
  readonly inRows: readonly ClickHouseStore[];
}

/** An empty store with the tables of the product service. */
export async function keptProducts(store: TestStore): Promise<KeptProducts> {
  const inRows: ClickHouseStore[] = [];
  const stores: Stores<ProductRepository> = {
    postgres: { open: productPostgres },
    clickhouse: {
      events: 'products',
      open(opened) {
        inRows.push(opened);
        return productClickHouse(opened);
      },
    },
  };
  const kept = await store.open(productContract, stores);
  const [products, others] = kept.repositories as [ProductRepository, ProductRepository];
  return {
    ...kept,
    products,
    others,
    inRows,
    async product(more = {}, ctx = at()) {
      const input = { name: 'Lamp', price: minor(4_500), category: 'Home', stock_quantity: 5, ...more };
      const facts = { product_id: await products.ids.next(), currency: more.currency ?? 'USD' };
      return products.save(ctx, createProduct(input, facts, ctx));
    },
    stockOf: async (product_id) => (await products.get(product_id)).stock_quantity,
  };
}
