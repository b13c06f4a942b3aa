import { formatMoney } from '../../../platform/contract/money.ts';
import type { InvoiceInBooks } from '../../invoice/invoice.contract.ts';
import type { OrderInBooks } from '../../order/reconciliation/order.books.contract.ts';
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

/** What the invoice of an order differs in from the order and from the receivable. */
export function invoiceDifferences({ order, receivable, invoices }: BooksOfKnownOrder): BookFinding[] {
  const living = invoices.filter(({ status }) => status !== 'cancelled');
  const [invoice, second] = living;
  // Whether a cancelled order has its receivable closed is told with its money.
  if (!invoice) return found(withoutInvoice(order, receivable));
  if (second) return [two(order, living)];
  if (order.status === 'cancelled') return found(ofCancelledOrder(order, invoice));
  const amount = amounts(order, invoice, receivable);
  if (amount || receivable?.closed) return found(amount);
  return found(opening(invoice, receivable) ?? (receivable && money(invoice, receivable)));
}

type Found = BookFinding | undefined;
const found = (one: Found): BookFinding[] => (one ? [one] : []);

const named = ({ invoice_number }: InvoiceInBooks): string => `invoice ${invoice_number}`;

function withoutInvoice(order: OrderInBooks, receivable: Receivable | undefined): Found {
  if (!receivable || receivable.invoice_id === null || order.status === 'cancelled') return undefined;
  return ofOrder(order, 'invoice/receivable', {
    what: 'a receivable without a living invoice',
    left: `invoice ${receivable.invoice_id}: cancelled, or not there`,
    right: 'receivable: open for it',
    mend: byJob('invoice', 'compare_receivables', 'closes the receivable of a cancelled invoice'),
  });
}

function two(order: OrderInBooks, living: readonly InvoiceInBooks[]): BookFinding {
  const newest = living.at(-1);
  return ofOrder(order, 'order/invoice', {
    what: 'more than one living invoice',
    left: 'order: has one living invoice at most',
    right: living.map((one) => `${named(one)} is ${one.status}`).join(', '),
    mend: `PUT /invoices/${newest?.invoice_id} {"status": "cancelled"}`,
  });
}

/** A paid invoice stays paid: what was paid is given back with a credit note. */
function ofCancelledOrder(order: OrderInBooks, invoice: InvoiceInBooks): Found {
  if (invoice.status === 'paid') return undefined;
  return ofOrder(order, 'order/invoice', {
    what: 'a living invoice of a cancelled order',
    left: 'order: cancelled',
    right: `${named(invoice)}: ${invoice.status}`,
    mend: `PUT /invoices/${invoice.invoice_id} {"status": "cancelled"}; the job invoice.compare_receivables does the same.`,
  });
}

/** Order, invoice and receivable come to the same, in one currency, for one user. */
function amounts(order: OrderInBooks, invoice: InvoiceInBooks, receivable: Receivable | undefined): Found {
  const text = ({ total, currency, user_id }: Pick<OrderInBooks, 'total' | 'currency' | 'user_id'>) =>
    `${formatMoney(total, currency)}, user ${user_id}`;
  const left = `${named(invoice)}: ${text(invoice)}`;
  if (text(order) !== text(invoice)) {
    const mend = inDatabase('invoice', `total, currency and user_id of ${named(invoice)} to ${text(order)}`);
    return ofOrder(order, 'order/invoice', { what: 'the total', left: `order: ${text(order)}`, right: left, mend });
  }
  if (receivable?.invoice_id !== invoice.invoice_id) return undefined;
  const { total, currency, user_id } = receivable;
  if (total === null || currency === null) return undefined;
  const right = text({ total, currency, user_id });
  if (text(invoice) === right) return undefined;
  const mend = inDatabase('payment', `total, currency and user_id in bills to ${text(invoice)}`);
  return ofOrder(order, 'invoice/receivable', { what: 'the total', left, right: `receivable: ${right}`, mend });
}

/** A living invoice has a receivable of its own. */
function opening(invoice: InvoiceInBooks, receivable: Receivable | undefined): Found {
  const { invoice_id, status } = invoice;
  if (receivable?.invoice_id === invoice_id && receivable.currency !== null) return undefined;
  return ofOrder(invoice, 'invoice/receivable', {
    what: 'an invoice that cannot be paid',
    left: `${named(invoice)}: ${status}`,
    right: receivable?.invoice_id ? `receivable: open for invoice ${receivable.invoice_id}` : 'receivable: not opened',
    mend:
      status === 'paid'
        ? 'Record in payment what was paid: POST /invoices {"order_id"} opens it, then charge and pay it there.'
        : `POST /invoices {"order_id": ${invoice.order_id}} opens it; the job invoice.compare_receivables does the same.`,
  });
}

/** What moved is the same, and an invoice is paid if and only if nothing is owed. */
function money(invoice: InvoiceInBooks, receivable: Receivable): Found {
  const { invoice_id, currency } = invoice;
  const owed = formatMoney(receivable.open, currency);
  if (!isSameMoney(invoice, receivable)) {
    return ofOrder(invoice, 'invoice/receivable', {
      what: 'what was paid and given back',
      left: `${named(invoice)} is ${invoice.status}: ${totalsText(invoice, currency)}`,
      right: `receivable: ${totalsText(receivable, currency)}; owed ${owed}`,
      mend: isBehindMoney(invoice, receivable)
        ? byJob('invoice', 'compare_receivables', 'makes the invoice follow')
        : collect(invoice, `or set what moved for ${named(invoice)} in the database of invoice to what payment has`),
    });
  }
  if ((invoice.status === 'paid') === (receivable.open === 0)) return undefined;
  return ofOrder(invoice, 'invoice/receivable', {
    what: 'whether the invoice is paid',
    left: `${named(invoice)}: ${invoice.status}`,
    right: `receivable: ${owed} owed`,
    mend:
      receivable.open > 0
        ? collect(invoice, `or set the status of ${named(invoice)} back to 'sent' in the database of invoice`)
        : `PUT /invoices/${invoice_id} {"status": "paid"}; the job invoice.compare_receivables does the same.`,
  });
}

/** The invoice says that it was paid: so it is to be paid in payment, too. */
const collect = ({ invoice_id, user_id }: InvoiceInBooks, otherwise: string): string =>
  `When the money is there, record it: POST /transactions {"user_id": ${user_id}, "invoice_id": ${invoice_id}, "amount": …, ` +
  `"description": "…"}, then POST /transactions/pay {"user_id": ${user_id}}; ${otherwise}.`;
