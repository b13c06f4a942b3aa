import type { Change, Ctx, Page, PageRequest } from '../../platform/contract/contract.ts';
import type { Ids } from '../../platform/contract/ids.ts';
import type { LineItem, Reservation } from './product.contract.ts';
import type { ProductState } from './product.model.ts';

export interface ProductFilter {
  /** Compared without case. */
  readonly category?: string;
  /** Words or beginnings of words; all must be there. `platform/contract/text/fold.ts` says which spellings are equal. */
  readonly q?: string;
  readonly in_stock?: boolean;
}

/** Units that are to be set aside for an order. */
export interface ReservationRequest {
  readonly order_id: number;
  readonly lines: readonly LineItem[];
  /** When it expires, unless it is kept. */
  readonly until: string;
  /** What the shop is paid in: nothing else is reserved. */
  readonly currency: string;
  /** The request that the order comes from, when it may come again. */
  readonly request?: string;
}

/** How products and their stock are stored. */
export interface ProductRepository {
  readonly ids: Ids;
  /** Throws PRODUCT_NOT_FOUND. */
  get(product_id: number): Promise<ProductState>;
  /** Those that exist, by id. */
  find(product_ids: readonly number[]): Promise<ReadonlyMap<number, ProductState>>;
  /** Those that are not withdrawn, in the order of their ids. */
  list(filter: ProductFilter, page: PageRequest): Promise<Page<ProductState>>;
  save(ctx: Ctx, change: Change<ProductState>): Promise<ProductState>;
  /** Makes the search fields of products that an earlier version has written. Returns how many products that were. */
  fold(): Promise<number>;
  /** Whether there has never been a product. */
  isNew(): Promise<boolean>;
  /**
   * Checks and takes the stock in one step, of all lines or of none. Repeated for the same order or the same `request`,
   * it renews the existing reservation and returns its order.
   */
  reserve(wanted: ReservationRequest): Promise<Reservation>;
  /** Puts the reserved units of an order back into stock, once. */
  release(order_id: number): Promise<void>;
  /** Orders whose reservations expired before `now`. */
  expired(now: string, limit: number): Promise<number[]>;
  /** Reservations of these orders that expired before `now` are kept for good; one that was renewed since is left as it is. */
  keep(order_ids: readonly number[], now: string): Promise<void>;
  /** The reservation of an order, if there is one, expires at `until`. */
  renew(order_id: number, until: string): Promise<void>;
}
