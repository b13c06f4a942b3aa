import type { ClickHouseStore } from '../../../platform/db/clickhouse/store/store.ts';
import type { NewestRows } from '../../../platform/db/clickhouse/store/table.ts';
import type { ProductState } from '../product.model.ts';

/** A product as its rows have it: its stock is what was set last, not what orders have left of it. */
export interface KeptProduct extends Omit<ProductState, 'stock_change'> {
  /** The version of the product that set the stock. */
  readonly stock_version: number;
}

/** Where the units of a product are. */
export interface StockTotals {
  /** null: not tracked. */
  readonly units: number | null;
  readonly held: number;
  readonly gone: number;
  readonly put_in: number;
  /** The number of its last entry in the ledger. */
  readonly entries: number;
  /** The version up to which the ledger has what was set. */
  readonly booked: number;
}

/** A product with the stock that orders have left of it. */
export interface StockedProduct {
  readonly product: KeptProduct;
  /** As `stock` has it; of `booked` and no later version. */
  readonly totals: StockTotals;
  /** Whether it is in `stock`: nothing has moved otherwise. */
  readonly isThere: boolean;
}

export type ReadStock = (product_ids: Iterable<number>) => Promise<ReadonlyMap<number, StockedProduct>>;

interface StockRow {
  readonly is_there: number;
  readonly counted_from: number;
  readonly units: number;
  readonly held: number;
  readonly gone: number;
  readonly put_in: number;
  readonly entries: number;
  readonly booked: number;
}

/**
 * Reads products and what is left of them in one statement. A restock is a row of the product, and no row of `stock`:
 * what is left of an earlier stock says nothing from then on, by its `stock_version`. So a restock and a reservation
 * that happen at the same moment need no common lock. One that has read the product before takes from the earlier
 * stock, as it would have done had it been a moment faster. A product that is not tracked has a row of version 0, which
 * says nothing of its units.
 */
export function stockReader({ database, engine }: ClickHouseStore, products: NewestRows<KeptProduct>): ReadStock {
  const text = `select p.*, s.is_there as is_there, s.counted_from as counted_from, s.units as units, s.held as held,
      s.gone as gone, s.put_in as put_in, s.entries as entries, s.booked as booked
    from (${products.newest('product_id in {ids:Array(UInt64)}')}) p
    left join (
      select id, 1 as is_there, stock_version as counted_from, units, held, gone, put_in, entries, booked
      from ${database}.stock final where kind = 'product' and id in {ids:Array(UInt64)}) s on s.id = p.product_id`;
  return async (product_ids) => {
    const ids = [...new Set(product_ids)];
    if (ids.length === 0) return new Map();
    const rows = await engine.query<StockRow & Record<string, unknown>>(text, { ids });
    return new Map(rows.map((row) => [Number(row.product_id), stockedProduct(products.stateOf(row), row)]));
  };
}

function stockedProduct(kept: KeptProduct, row: StockRow): StockedProduct {
  const { is_there, counted_from, units, held, gone, put_in, entries, booked } = row;
  // The two tables are not read at one instant: units of a later stock than the product's are newer, not older.
  const product = counted_from >= kept.stock_version ? { ...kept, stock_quantity: units } : kept;
  const tracked = is_there === 1 && counted_from > 0;
  return {
    product,
    totals: { units: tracked ? units : null, held, gone, put_in, entries, booked },
    isThere: is_there === 1,
  };
}
