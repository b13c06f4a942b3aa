import type { Change, Ctx, Page } from '../../platform/contract.ts';
import type { OrderStatus } from './order.contract.ts';
import type { OrderState } from './order.model.ts';

export interface OrderFilter {
  /** Undefined: everybody's. */
  readonly user_id?: number;
  readonly status?: OrderStatus;
}

/** How orders are kept. */
export interface OrderRepository {
  nextId(): Promise<number>;
  /** Throws ORDER_NOT_FOUND. */
  get(order_id: number): Promise<OrderState>;
  /** Those that exist, by id. */
  find(order_ids: readonly number[]): Promise<ReadonlyMap<number, OrderState>>;
  /** Newest first. */
  list(filter: OrderFilter, page: { limit: number; cursor?: string }): Promise<Page<OrderState>>;
  save(ctx: Ctx, change: Change<OrderState>): Promise<OrderState>;
}
