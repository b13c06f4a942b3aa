import type { Change, Ctx, Page, PageRequest } from '../../platform/contract/contract.ts';
import type { Ids } from '../../platform/contract/ids.ts';
import type { LineItem, Reservation } from './product.contract.ts';
import type { ProductState } from './product.model.ts';

export interface ProductFilter {
  /** Whatever its case. */
  readonly category?: string;
  /** Words or beginnings of words; all must be there. What makes no difference is in `platform/text/fold.ts`. */
  readonly q?: string;
  readonly in_stock?: boolean;
}

/** How products and their stock are kept. */
export interface ProductRepository {
  readonly ids: Ids;
  /** Throws PRODUCT_NOT_FOUND. */
  get(product_id: number): Promise<ProductState>;
  /** Those that exist, by id. */
  find(product_ids: readonly number[]): Promise<ReadonlyMap<number, ProductState>>;
  /** In the order of their ids. */
  list(filter: ProductFilter, page: PageRequest): Promise<Page<ProductState>>;
  save(ctx: Ctx, change: Change<ProductState>): Promise<ProductState>;
  /** Folds what an earlier version has written, so that it is found. Returns how many products that were. */
  fold(): Promise<number>;
  /** Whether no product has ever been there. */
  isNew(): Promise<boolean>;
  /**
   * Check and take in one act, all lines or none; again for the same order, or from
   * the same `request`: renews the reservation that is there, and answers with its order.
   */
  reserve(order_id: number, lines: readonly LineItem[], until: string, request?: string): Promise<Reservation>;
  /** Gives the units of an order back, once. */
  release(order_id: number): Promise<void>;
  /** Orders whose reservation ran out before `now`. */
  expired(now: string, limit: number): Promise<number[]>;
  /** The reservations of these orders that ran out before `now` never do again; one that was renewed since is left. */
  keep(order_ids: readonly number[], now: string): Promise<void>;
  /** The reservation of an order, if there is one, runs out at `until`. */
  renew(order_id: number, until: string): Promise<void>;
}
