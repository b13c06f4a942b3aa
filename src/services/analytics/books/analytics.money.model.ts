import { formatMoney, minor } from '../../../platform/contract/money.ts';
import type { OrderInBooks } from '../../order/reconciliation/order.books.contract.ts';
import { type MoneyTotals, netPaid, openAmount, paymentStatusOf } from '../../payment/payment.totals.contract.ts';
import type { Receivable } from '../../payment/receivables/payment.receivables.contract.ts';
import type { BookFinding } from './analytics.books.contract.ts';
import {
  type BooksOfKnownOrder,
  byJob,
  inDatabase,
  isBehindMoney,
  isSameMoney,
  ofOrder,
  totalsText,
} from './analytics.finding.model.ts';

const NONE: MoneyTotals = { paid_total: minor(0), refunded_total: minor(0), credited_total: minor(0) };

/**
 * What an order and its receivable differ in, and what the order's own money and statuses do. Where the two know of
 * different money, what would follow from it is not told again.
 */
export function moneyDifferences({ order, receivable, invoices }: BooksOfKnownOrder): BookFinding[] {
  const money = totals(order, receivable ?? NONE);
  const found = money
    ? [money, ending(order, receivable)]
    : [
        paymentStatus(order),
        ending(order, receivable),
        kept(order, receivable),
        owed(order, invoices.find(({ status }) => status !== 'cancelled')?.invoice_id),
      ];
  return found.filter((one) => one !== undefined);
}

type Found = BookFinding | undefined;

function totals(order: OrderInBooks, known: MoneyTotals): Found {
  if (isSameMoney(order, known)) return undefined;
  const ahead = totalsText(known, order.currency);
  return ofOrder(order, 'order/receivable', {
    what: 'what was paid and given back',
    left: `order: ${totalsText(order, order.currency)}`,
    right: `receivable: ${ahead}`,
    mend: isBehindMoney(order, known)
      ? byJob('order', 'compare_receivables', 'makes the order follow')
      : inDatabase('order', `paid_total, refunded_total and credited_total of the order to ${ahead}`),
  });
}

/** The payment status follows from the order's own totals by the one rule. */
function paymentStatus(order: OrderInBooks): Found {
  const right = paymentStatusOf({ ...order, cancelled: order.status === 'cancelled' });
  if (order.payment_status === right) return undefined;
  return ofOrder(order, 'order/receivable', {
    what: 'payment_status',
    left: `order: ${order.payment_status}`,
    right: `by its money: ${right}`,
    mend: inDatabase('order', `payment_status of the order to '${right}'`),
  });
}

/** An order is cancelled if and only if its receivable is closed. */
function ending(order: OrderInBooks, receivable: Receivable | undefined): Found {
  const cancelled = order.status === 'cancelled';
  if (!receivable || receivable.closed === cancelled) return undefined;
  return ofOrder(order, 'order/receivable', {
    what: 'whether the order is cancelled',
    left: `order: ${order.status}`,
    right: `receivable: ${receivable.closed ? 'closed for a cancelled order' : 'open'}`,
    mend: cancelled
      ? byJob('order', 'compare_receivables', 'closes the receivable and gives back what was paid')
      : `POST /orders/${order.order_id}/cancel`,
  });
}

/** Of a cancelled order nothing is kept. */
function kept(order: OrderInBooks, receivable: Receivable | undefined): Found {
  if (order.status !== 'cancelled' || !receivable?.closed || receivable.processing) return undefined;
  const net = netPaid(receivable);
  if (net === 0) return undefined;
  return ofOrder(order, 'order/receivable', {
    what: 'money of a cancelled order',
    left: 'order: cancelled, so nothing is kept',
    right: `receivable: ${formatMoney(net, order.currency)} kept`,
    mend:
      'A refund that a provider has is asked for again by the job payment.settle. Otherwise: GET ' +
      `/transactions/list?user_id=${order.user_id} names the transactions, and POST /transactions/{transaction_id}/refund ` +
      'gives back what is left of each.',
  });
}

/** Of a completed order nothing is owed. */
function owed(order: OrderInBooks, invoice_id: number | undefined): Found {
  const open = openAmount({ ...order, cancelled: false });
  if (order.status !== 'completed' || open === 0) return undefined;
  return ofOrder(order, 'order/receivable', {
    what: 'a completed order with something owed',
    left: 'order: completed',
    right: `owed: ${formatMoney(open, order.currency)}`,
    mend:
      `Collect it: POST /transactions {"user_id": ${order.user_id}, "invoice_id": ${invoice_id ?? '…'}, "amount": …, ` +
      `"description": "…"}, then POST /transactions/pay {"user_id": ${order.user_id}}. What is not to be paid any more is ` +
      'credited by a refund of kind credit.',
  });
}
