import { formatMoney } from '../../../platform/contract/money.ts';
import type { ShipmentOfOrder } from '../../delivery/orders/delivery.orders.contract.ts';
import type { InvoiceInBooks } from '../../invoice/invoice.contract.ts';
import type { OrderInBooks } from '../../order/reconciliation/order.books.contract.ts';
import type { MoneyTotals } from '../../payment/payment.totals.contract.ts';
import type { Receivable } from '../../payment/receivables/payment.receivables.contract.ts';
import type { OrderUnits } from '../../product/stock/product.stock.contract.ts';
import type { BookDifference, BookFinding, BookPair } from './analytics.books.contract.ts';

/** What every book says of one order; what a book does not have is undefined. */
export interface BooksOfOrder {
  readonly order_id: number;
  readonly order: OrderInBooks | undefined;
  readonly receivable: Receivable | undefined;
  readonly invoices: readonly InvoiceInBooks[];
  readonly shipment: ShipmentOfOrder | undefined;
  /** What of the stock is held for it or was shipped. */
  readonly units: OrderUnits | undefined;
}

/** The same of an order that exists. */
export type BooksOfKnownOrder = BooksOfOrder & { readonly order: OrderInBooks };

/** A difference; `young`: what it is about changed so lately that an event may be on its way. */
export type JudgedDifference = BookDifference & { readonly young: boolean };

type Described = Pick<BookFinding, 'what' | 'left' | 'right' | 'mend'>;

/** A difference about an order. */
export function ofOrder({ order_id }: { readonly order_id: number }, pair: BookPair, rest: Described): BookFinding {
  return { pair, order_id, product_id: null, ...rest };
}

/** What moved, in words. */
export function totalsText({ paid_total, refunded_total, credited_total }: MoneyTotals, currency: string): string {
  const money = (amount: number) => formatMoney(amount, currency);
  return `paid ${money(paid_total)}, given back ${money(refunded_total)}, of that credited ${money(credited_total)}`;
}

/** Whether the same moved. */
export const isSameMoney = (a: MoneyTotals, b: MoneyTotals): boolean =>
  a.paid_total === b.paid_total && a.refunded_total === b.refunded_total && a.credited_total === b.credited_total;

/** Whether one knows of nothing that the other does not. */
export const isBehindMoney = (a: MoneyTotals, b: MoneyTotals): boolean =>
  a.paid_total <= b.paid_total && a.refunded_total <= b.refunded_total && a.credited_total <= b.credited_total;

/** What mends what an event has left undone. */
export const byJob = (service: string, job: string, what: string): string =>
  `The job ${service}.${job} ${what}, within minutes for the newest 2,000 orders and within a day for others. ` +
  `An event that was given up: tradepost dead-letters list ${service}, and replay it.`;

/** What mends a row that no action of the shop writes. */
export const inDatabase = (service: string, what: string): string =>
  `No action of the shop leads to this: the database was changed otherwise, or is a copy of another time. Look at the ` +
  `order's timeline and at GET /ledger/entries, then set ${what} in the database of ${service}.`;
