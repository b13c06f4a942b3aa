import { rounds } from '../../../platform/app/rounds.ts';
import type { ApiOf, Ctx, OutputOf } from '../../../platform/contract/contract.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import type { Log } from '../../../platform/observability/log.ts';
import type { invoiceOps } from '../../invoice/invoice.contract.ts';
import type { orderOps } from '../../order/order.contract.ts';
import type { OrderBalance } from '../model/payment.model.ts';
import type { paymentOps } from '../payment.contract.ts';
import type { PaymentRepository } from '../payment.repository.ts';
import type { Settlement } from './payment.settlement.ts';

type Outcome = OutputOf<typeof paymentOps.reconcile>;

/** Those who keep what was paid for an order or an invoice. */
export interface ReconciledPeers {
  readonly order: Pick<ApiOf<typeof orderOps>, 'comparePaidTotals'>;
  readonly invoice: Pick<ApiOf<typeof invoiceOps>, 'comparePaidTotals'>;
}

interface ReconciliationParts {
  readonly payments: Pick<PaymentRepository, 'balances'>;
  readonly peers: ReconciledPeers;
  readonly settlement: Pick<Settlement, 'cancelledOrder'>;
  readonly log: Pick<Log, 'warn'>;
}

const PAGE = 200;

/**
 * Compares what was paid and refunded with what orders and invoices know of it, and makes up for lost events: orders
 * and invoices follow what was paid, and cancelled orders are settled. A page is one statement here, and one call to
 * each of the two services.
 */
export function balanceReconciliation(parts: ReconciliationParts): (ctx: Ctx) => Promise<Outcome> {
  const { payments, log } = parts;
  const differences = openDifferences();
  const round = rounds();

  return async function reconcile(ctx) {
    const outcome: Outcome = { orders: 0, invoices: 0, cancelled: 0 };
    await round(ctx, (cursor, older) => comparePage(ctx, cursor, older, outcome));
    return outcome;
  };

  async function comparePage(ctx: Ctx, cursor: string | undefined, older: boolean, outcome: Outcome) {
    const { items, next } = await payments.balances({ limit: PAGE, cursor });
    const now = Date.parse(ctx.now);
    for (const one of await compare(
      ctx,
      parts.peers,
      items,
      (balance) => older || differences.isSettled(balance, now),
    )) {
      const { order_id } = one.balance;
      if (!one.order && !one.invoice && !one.cancelled) differences.close(order_id);
      else if (!one.settled) differences.open(one.balance, now);
      else {
        differences.close(order_id);
        if (one.cancelled) await retryOnConflict(() => parts.settlement.cancelledOrder(ctx, one.balance));
        outcome.orders += Number(one.order);
        outcome.invoices += Number(one.invoice);
        outcome.cancelled += Number(one.cancelled);
        log.warn(
          { order_id },
          'an event about the money of an order was lost or is late; what follows from it is done',
        );
      }
    }
    return { next };
  }
}

/** What one balance differs in. */
interface Difference {
  readonly balance: OrderBalance;
  /** Its event is no longer on its way: the order and the invoice have followed it by this comparison. */
  readonly settled: boolean;
  readonly order: boolean;
  readonly invoice: boolean;
  /** The order is cancelled, and its balance still open. */
  readonly cancelled: boolean;
}

async function compare(
  ctx: Ctx,
  { order, invoice }: ReconciledPeers,
  balances: readonly OrderBalance[],
  isSettled: (balance: OrderBalance) => boolean,
): Promise<Difference[]> {
  if (balances.length === 0) return [];
  const totals = balances.map((balance) => ({
    order_id: balance.order_id,
    paid_total: balance.paid,
    refunded_total: balance.refunded,
    settled: isSettled(balance),
  }));
  const orders = await order.comparePaidTotals(ctx, { totals });
  const cancelled = new Set(orders.cancelled);
  const invoices = await invoice.comparePaidTotals(ctx, {
    totals: totals.map((one) => ({ ...one, cancelled: cancelled.has(one.order_id) })),
  });
  return balances.map((balance, index) => ({
    balance,
    settled: totals[index]?.settled ?? false,
    order: orders.behind.includes(balance.order_id),
    invoice: invoices.behind.includes(balance.order_id),
    cancelled: cancelled.has(balance.order_id) && !balance.closed,
  }));
}

/** A difference younger than this is left to the event that may still be on its way. */
const SETTLED_MS = 60_000;

/** Since when each balance differs, as it was then: a balance that has changed meanwhile is young again. */
function openDifferences() {
  const open = new Map<number, { readonly version: number; readonly since: number }>();
  return {
    isSettled({ order_id, version }: OrderBalance, now: number): boolean {
      const found = open.get(order_id);
      return found !== undefined && found.version === version && now - found.since >= SETTLED_MS;
    },
    open({ order_id, version }: OrderBalance, now: number): void {
      if (open.get(order_id)?.version !== version) open.set(order_id, { version, since: now });
    },
    close: (order_id: number) => open.delete(order_id),
  };
}
