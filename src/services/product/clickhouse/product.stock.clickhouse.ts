import type { ClickHouseStore } from '../../../platform/db/clickhouse/store/store.ts';
import type { NewestRows } from '../../../platform/db/clickhouse/store/table.ts';
import type { ProductState } from '../product.model.ts';

/** A product as its rows have it: its stock is what was set last, not what orders have left of it. */
export interface KeptProduct extends Omit<ProductState, 'restocked'> {
  /** The version of the product that set the stock. */
  readonly stock_version: number;
}

/** Products by their ids, each with the stock that orders have left of it. */
export type ReadStock = (product_ids: Iterable<number>) => Promise<ReadonlyMap<number, KeptProduct>>;

/**
 * Reads products and what is left of them in one statement. A restock is a row of the product, and no row of `stock`:
 * what is left of an earlier stock says nothing from then on, by its `stock_version`. So a restock and a reservation
 * that happen at the same moment need no common lock. One that has read the product before takes from the earlier
 * stock, as it would have done had it been a moment faster.
 */
export function stockReader({ database, engine }: ClickHouseStore, products: NewestRows<KeptProduct>): ReadStock {
  const text = `select p.*, s.counted_from as counted_from, s.units as units
    from (${products.newest('product_id in {ids:Array(UInt64)}')}) p
    left join (
      select id, stock_version as counted_from, units from ${database}.stock final
      where kind = 'product' and id in {ids:Array(UInt64)}) s on s.id = p.product_id`;
  return async (product_ids) => {
    const ids = [...new Set(product_ids)];
    if (ids.length === 0) return new Map();
    const rows = await engine.query<{ counted_from: number; units: number }>(text, { ids });
    return new Map(
      rows.map((row) => {
        const kept = products.stateOf(row);
        // The two tables are not read at one instant: units of a later stock than the product's are newer, not older.
        const { counted_from, units } = row;
        return [kept.product_id, counted_from >= kept.stock_version ? { ...kept, stock_quantity: units } : kept];
      }),
    );
  };
}
