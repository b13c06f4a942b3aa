import { openDifferences } from '../../../platform/app/differences.ts';
import { rounds } from '../../../platform/app/rounds.ts';
import type { ApiOf, Ctx, OutputOf } from '../../../platform/contract/contract.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import type { Log } from '../../../platform/observability/log.ts';
import type { paymentOps } from '../../payment/payment.contract.ts';
import { MAX_RECEIVABLES, type Receivable } from '../../payment/receivables/payment.receivables.contract.ts';
import type { orderOps } from '../order.contract.ts';
import type { OrderState } from '../order.model.ts';
import type { OrderRepository } from '../order.repository.ts';
import { followPayment, isBehind } from '../statuses/order.statuses.model.ts';

type Outcome = OutputOf<typeof orderOps.compareReceivables>;

interface ComparisonParts {
  readonly orders: Pick<OrderRepository, 'find' | 'get' | 'save'>;
  readonly payment: Pick<ApiOf<typeof paymentOps>, 'receivables' | 'closeOrder'>;
  readonly log: Pick<Log, 'warn'>;
}

/**
 * Compares orders with their receivables and makes up for lost events: an order follows what was paid and given back,
 * and the receivable of a cancelled order is ended. A page is one call to payment and one statement here.
 */
export function receivableComparison({ orders, payment, log }: ComparisonParts): (ctx: Ctx) => Promise<Outcome> {
  const differences = openDifferences();
  const round = rounds();

  return async function compareReceivables(ctx) {
    const outcome: Outcome = { followed: 0, ended: 0 };
    await round(ctx, (cursor, older) => comparePage(ctx, cursor, older, outcome));
    return outcome;
  };

  async function comparePage(ctx: Ctx, cursor: string | undefined, older: boolean, outcome: Outcome) {
    const { items, next } = await payment.receivables(ctx, { limit: MAX_RECEIVABLES, cursor });
    const known = await orders.find(items.map(({ order_id }) => order_id));
    for (const one of items) {
      const order = known.get(one.order_id);
      if (order) await attempt(ctx, order, one, older, outcome);
    }
    return { next };
  }

  // One that fails, as while a provider does not answer, must not keep the others from being compared.
  async function attempt(ctx: Ctx, order: OrderState, receivable: Receivable, older: boolean, outcome: Outcome) {
    try {
      await compare(ctx, order, receivable, older, outcome);
    } catch (err) {
      const { order_id } = order;
      log.warn({ err, order_id }, 'an order could not be compared with its receivable; it is tried again');
    }
  }

  async function compare(ctx: Ctx, order: OrderState, receivable: Receivable, older: boolean, outcome: Outcome) {
    const { order_id } = order;
    const behind = isBehind(order, receivable);
    const unended = order.status === 'cancelled' && !receivable.closed;
    if (!behind && !unended) return differences.close(order_id);
    const { paid_total, refunded_total, credited_total, closed } = receivable;
    const figures = `${paid_total} ${refunded_total} ${credited_total} ${closed}`;
    const now = Date.parse(ctx.now);
    if (!older && !differences.isSettled(order_id, figures, now)) return differences.open(order_id, figures, now);
    differences.close(order_id);
    if (behind) await retryOnConflict(async () => follow(ctx, receivable));
    if (unended) await payment.closeOrder(ctx, { order_id, user_id: order.user_id });
    outcome.followed += Number(behind);
    outcome.ended += Number(unended);
    log.warn({ order_id }, 'an event about the money of an order was lost or is late; what follows from it is done');
  }

  async function follow(ctx: Ctx, receivable: Receivable): Promise<void> {
    await orders.save(ctx, followPayment(await orders.get(receivable.order_id), receivable, ctx));
  }
}
