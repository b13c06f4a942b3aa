import type { NewestEvent } from '../../order/reconciliation/order.books.contract.ts';
import type { BookDifference, BookFinding, BookPair } from './analytics.books.contract.ts';
import { type BooksOfKnownOrder, type BooksOfOrder, ofOrder } from './analytics.finding.model.ts';
import { goodsDifferences } from './analytics.goods.model.ts';
import { invoiceDifferences } from './analytics.invoices.model.ts';
import { moneyDifferences } from './analytics.money.model.ts';

/** What the books of one order differ in: each fault once, in the pair that shows it best. */
export function differencesOfOrder(books: BooksOfOrder): BookFinding[] {
  if (!isOfKnownOrder(books)) return orphans(books);
  return [...moneyDifferences(books), ...invoiceDifferences(books), ...goodsDifferences(books)];
}

const isOfKnownOrder = (books: BooksOfOrder): books is BooksOfKnownOrder => books.order !== undefined;

/** What other books have of an order that does not exist. */
function orphans(books: BooksOfOrder): BookFinding[] {
  const { receivable, invoices, shipment } = books;
  const found: BookFinding[] = [];
  const add = (pair: BookPair, what: string, right: string, mend: string) =>
    found.push(ofOrder(books, pair, { what, left: 'no such order', right, mend }));
  if (receivable && (receivable.invoice_id !== null || receivable.paid_total > receivable.refunded_total)) {
    const mend = 'Give back what was paid (POST /transactions/{transaction_id}/refund) and cancel the invoice.';
    add('order/receivable', 'a receivable without an order', `receivable of user ${receivable.user_id}`, mend);
  }
  for (const { invoice_id, invoice_number, status } of invoices) {
    if (status === 'cancelled') continue;
    const mend = `PUT /invoices/${invoice_id} {"status": "cancelled"}`;
    add('order/invoice', 'an invoice without an order', `invoice ${invoice_number} is ${status}`, mend);
  }
  if (shipment && shipment.status !== 'cancelled' && shipment.status !== 'returned') {
    const { shipment_id, status } = shipment;
    const to = status === 'pending' || status === 'packed' ? 'cancelled' : 'returned';
    const mend = `PUT /shipments/${shipment_id} {"status": "${to}"}`;
    add('order/shipment', 'a shipment without an order', `shipment ${shipment_id} is ${status}`, mend);
  }
  return found;
}

/** What changed so lately may have events on their way. */
const ON_ITS_WAY_MS = 60_000;
/** So long a provider may take to confirm a refund. */
const REFUND_MS = 24 * 3_600_000;

/** Whether a difference of an order may only be an event, or a refund, that is on its way. */
export function isUnderWay(books: BooksOfOrder, newest: NewestEvent | undefined, now: string): boolean {
  const { order, invoices, shipment } = books;
  const changes = [order, shipment, ...invoices].flatMap((one) => (one ? [one.updated_at] : []));
  // A clock that was set back must not hide a difference until then.
  const ageOf = (at: string) => Math.abs(Date.parse(now) - Date.parse(at));
  if (newest?.type === 'refund.started' && ageOf(newest.at) < REFUND_MS) return true;
  return [...changes, ...(newest ? [newest.at] : [])].some((at) => ageOf(at) < ON_ITS_WAY_MS);
}

/** A difference with the newest event of its order: it is known since then. */
export function withEvent(finding: BookFinding, newest: NewestEvent | undefined): BookDifference {
  const event = newest ? { event_id: newest.event_id, type: newest.type, at: newest.at } : null;
  return { ...finding, since: event?.at ?? null, event };
}
