import type { Change, Ctx, Page, PageRequest } from '../../platform/contract/contract.ts';
import type { Ids } from '../../platform/contract/ids.ts';
import type { Reconciliation, ReconciliationRange } from '../../platform/contract/reconciliation.ts';
import type { OrderStatus } from './order.contract.ts';
import type { OrderState } from './order.model.ts';
import type { TimelineEvent } from './timeline/order.timeline.model.ts';

export interface OrderFilter {
  /** Undefined: everybody's. */
  readonly user_id?: number;
  readonly status?: OrderStatus;
}

export interface OrderPage extends PageRequest {
  readonly from_id?: number;
}

/** Everything that concerned an order, whoever announced it. */
export interface TimelineRepository {
  /** Keeps an event; one that is there already stays as it is. */
  add(event: TimelineEvent): Promise<void>;
  /** What is kept, and so all that orders announced up to this moment, as it became known. */
  list(order_id: number): Promise<TimelineEvent[]>;
  /** The newest event of each of these orders that has any. */
  newest(order_ids: readonly number[]): Promise<Pick<TimelineEvent, 'order_id' | 'event_id' | 'type' | 'at'>[]>;
}

/** How orders are kept. */
export interface OrderRepository {
  readonly ids: Ids;
  /** Throws ORDER_NOT_FOUND. */
  get(order_id: number): Promise<OrderState>;
  /** Those that exist, by id. */
  find(order_ids: readonly number[]): Promise<ReadonlyMap<number, OrderState>>;
  /** Newest first, from `from_id` on. */
  list(filter: OrderFilter, page: OrderPage): Promise<Page<OrderState>>;
  /** Pending orders whose time was over after `from` and at the latest at `until`. */
  expired(period: { from: string; until: string }, page: PageRequest): Promise<Page<OrderState>>;
  /** What a range of orders comes to. */
  figures(range: ReconciliationRange): Promise<Reconciliation>;
  readonly timeline: TimelineRepository;
  save(ctx: Ctx, change: Change<OrderState>): Promise<OrderState>;
}
