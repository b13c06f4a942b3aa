import type { ApiOf, Ctx, OutputOf } from '../../../platform/contract/contract.ts';
import { AppError } from '../../../platform/contract/errors.ts';
import { counter } from '../../../platform/observability/counter.ts';
import type { Log } from '../../../platform/observability/log.ts';
import type { paymentOps } from '../../payment/payment.contract.ts';
import { MAX_RECEIVABLES } from '../../payment/receivables/payment.receivables.contract.ts';
import type { orderOps } from '../order.contract.ts';
import type { OrderState } from '../order.model.ts';
import type { OrderRepository } from '../order.repository.ts';
import { expiryOf, isWithoutMoney } from './order.expiry.model.ts';

type Outcome = OutputOf<typeof orderOps.cancelExpired>;

interface ExpiryParts {
  readonly orders: Pick<OrderRepository, 'expired' | 'timeline'>;
  readonly payment: Pick<ApiOf<typeof paymentOps>, 'findReceivables'>;
  /** Cancels as in `cancellationActions`; true when it was this call that did. */
  readonly cancelExpired: (ctx: Ctx, order: OrderState) => Promise<boolean>;
  /** 0: no order expires. */
  readonly hours: number;
  readonly log: Pick<Log, 'info' | 'warn'>;
}

const cancelled = counter(
  'tradepost_orders_expired_total',
  'Orders that were cancelled because nobody paid them in time',
);

/** What was skipped, because its invoice was sent for example, is looked at again after this time. */
const ALL_AGAIN_MS = 24 * 3_600_000;
/** So many are cancelled side by side. */
const AT_ONCE = 20;

/**
 * Cancels the orders that nobody has paid or invoiced on account in time, a page at a time. Payment is asked before, since
 * an order hears of its money a moment later. An order whose parcel has left, or that a service in need of does not answer
 * for, is tried again in the next run.
 */
export function orderExpiry({
  orders,
  payment,
  cancelExpired,
  hours,
  log,
}: ExpiryParts): (ctx: Ctx) => Promise<Outcome> {
  let from = BEGINNING;
  let allLookedAt = Number.NEGATIVE_INFINITY;

  return async function cancelAllExpired(ctx) {
    const outcome = { cancelled: 0 };
    if (hours === 0) return outcome;
    const now = Date.parse(ctx.now);
    const all = now - allLookedAt >= ALL_AGAIN_MS;
    const period = { from: all ? BEGINNING : from, until: ctx.now };
    let failed = false;
    for (let cursor: string | undefined, more = true; more; more = cursor !== undefined) {
      const { items, next } = await orders.expired(period, { limit: MAX_RECEIVABLES, cursor });
      failed = !(await cancelPage(ctx, items, outcome)) || failed;
      cursor = next;
    }
    if (failed) return outcome;
    from = ctx.now;
    if (all) allLookedAt = now;
    return outcome;
  };

  /** Whether each was cancelled or is not to be. */
  async function cancelPage(ctx: Ctx, page: readonly OrderState[], outcome: { cancelled: number }): Promise<boolean> {
    if (page.length === 0) return true;
    const { items } = await payment.findReceivables(ctx, { order_ids: page.map(({ order_id }) => order_id) });
    const receivables = new Map(items.map((one) => [one.order_id, one]));
    const unpaid = page.filter(({ order_id }) => isWithoutMoney(receivables.get(order_id)));
    let all = true;
    for (let start = 0; start < unpaid.length; start += AT_ONCE) {
      const done = await Promise.all(
        unpaid.slice(start, start + AT_ONCE).map((order) => cancelOne(ctx, order, outcome)),
      );
      all = all && done.every(Boolean);
    }
    return all;
  }

  async function cancelOne(ctx: Ctx, order: OrderState, outcome: { cancelled: number }): Promise<boolean> {
    const { order_id } = order;
    const end = expiryOf(order, await orders.timeline.list(order_id));
    if (end === null || end > ctx.now) return true;
    try {
      if (!(await cancelExpired(ctx, order))) return true;
      outcome.cancelled++;
      cancelled.add(1);
      log.info({ order_id }, 'nobody paid this order in time; it is cancelled');
      return true;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      log.warn(
        { order_id, reason: error.message },
        'an order that nobody paid could not be cancelled; it is tried again',
      );
      return false;
    }
  }
}

const BEGINNING = '1970-01-01T00:00:00.000Z';
