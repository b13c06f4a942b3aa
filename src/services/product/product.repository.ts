import type { Change, Ctx, Page, PageRequest } from '../../platform/contract/contract.ts';
import type { Ids } from '../../platform/contract/ids.ts';
import type { LineItem, Reservation } from './product.contract.ts';
import type { ProductState } from './product.model.ts';
import type { OrderUnits, StockEntry, StockFigures } from './stock/product.stock.contract.ts';

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
  /** When it is asked for. */
  readonly at: string;
  /** The request that the order comes from, when it may come again. */
  readonly request?: string;
  /** Whose units there is a limit to: this customer holds at most so many unpaid units of a product. */
  readonly limit?: { readonly user_id: number; readonly most: number };
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
  /** Puts the reserved units of an order back into stock, also such as had left; once. */
  release(order_id: number, at: string): Promise<void>;
  /** The reserved units of an order have left: they are held no longer; once, and not after something newer is known. */
  ship(order_id: number, at: string): Promise<void>;
  /** The units of an order that had left are in the shop again, and held; once, and not after something newer is known. */
  unship(order_id: number, at: string): Promise<void>;
  /** An order is paid: its units count no longer towards the limit of its customer. */
  paid(order_id: number): Promise<void>;
  /** There is no limit any more: no reservation counts towards one. */
  forgetCustomers(): Promise<void>;
  /**
   * Saves what `decide` makes of a product while nobody else moves its stock. `decide` may run again. Throws what it
   * throws.
   */
  adjust(ctx: Ctx, product_id: number, decide: (state: ProductState) => Change<ProductState>): Promise<ProductState>;
  /** Brings into the ledger what processes of earlier versions have done without it. Returns how many things that were. */
  adopt(at: string): Promise<number>;
  /** Books the difference that the figures of a product show, as an entry of its own. */
  correct(product_id: number, at: string): Promise<void>;
  /** The ledger of a product, newest first. */
  ledger(product_id: number, page: PageRequest): Promise<Page<StockEntry>>;
  /** What became of the units of each product, in the order of their ids. */
  stockFigures(page: PageRequest): Promise<Page<StockFigures>>;
  /** The units that are held for orders or were shipped, newest order first. */
  orderUnits(page: PageRequest, onlyHeld?: boolean): Promise<Page<OrderUnits>>;
  /** The same of these orders; one of which nothing is kept is left out. */
  findOrderUnits(order_ids: readonly number[]): Promise<OrderUnits[]>;
  /** Orders whose reservations expired before `now`. */
  expired(now: string, limit: number): Promise<number[]>;
  /** Reservations of these orders that expired before `now` are kept for good; one that was renewed since is left as it is. */
  keep(order_ids: readonly number[], now: string): Promise<void>;
  /** The reservation of an order, if there is one, expires at `until`. */
  renew(order_id: number, until: string): Promise<void>;
}
