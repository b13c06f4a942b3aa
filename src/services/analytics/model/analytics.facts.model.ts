import { type Minor, minor } from '../../../platform/contract/money.ts';
import type { deliveryEvents, Shipment } from '../../delivery/delivery.contract.ts';
import type { InvoiceMade, InvoiceStatus, invoiceEvents } from '../../invoice/invoice.contract.ts';
import type { OrderPlaced, OrderStatus } from '../../order/order.contract.ts';
import type { MoneyMovement, paymentEvents } from '../../payment/payment.contract.ts';
import type { Product } from '../../product/product.contract.ts';

/** What analytics reads of an event's envelope. */
export interface EventHeader {
  /** UUIDv7: the same event always has the same one. */
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly time: string;
}

/** What one event tells, in the form in which it is kept. Every figure there is can be made from these. */
export interface Fact extends EventHeader {
  /** What it counts for by itself, once. */
  readonly metric: Metric | null;
  /** '' for what has none. */
  readonly currency: string;
  readonly amount: Minor;
  readonly stories: readonly EntityFacts[];
}

type Metric = 'orders' | 'transactions' | 'payments' | 'refunds' | 'users';

/**
 * What an event adds to the story of one thing. Stories are put together so that the order of their events does not
 * matter: what is set once is set once, `paid` is a sum, and the status is that of the greatest `place`.
 */
export interface EntityFacts {
  readonly kind: 'order' | 'invoice' | 'shipment' | 'transaction' | 'spender' | 'product';
  readonly item_id: number;
  /** This event is the beginning; what has not begun is not counted. */
  readonly known?: boolean;
  readonly place?: string;
  readonly status?: string;
  readonly currency?: string;
  readonly net?: Minor;
  readonly tax?: Minor;
  readonly gross?: Minor;
  /** Came in for it with this event; negative when it went back. */
  readonly paid?: Minor;
  readonly name?: string;
  readonly category?: string;
  readonly lines?: readonly SoldLine[];
}

export interface SoldLine {
  readonly product_id: number;
  readonly product_name: string;
  readonly quantity: number;
  readonly total: Minor;
}

// Orders and invoices only move on, so how far one has come tells which status is the later one, whatever the clocks
// of two machines say.
const ORDER_PLACE: Readonly<Record<OrderStatus, string>> = {
  pending: '0',
  confirmed: '1',
  completed: '2',
  cancelled: '3',
};
const INVOICE_PLACE: Readonly<Record<InvoiceStatus, string>> = { draft: '0', sent: '1', paid: '2', cancelled: '3' };

/** A parcel that failed may be sent again, and a product has any name twice: there the later event tells. */
const byTime = ({ time, id }: EventHeader): string => `${time} ${id}`;

/** The payload of an event of a contract. */
type DataOf<E extends (subject: number, payload: never) => unknown> = Parameters<E>[1];
type InvoiceMoved = DataOf<typeof invoiceEvents.statusChanged>;
type ShipmentMoved = DataOf<typeof deliveryEvents.statusChanged>;
type TransactionVoided = DataOf<typeof paymentEvents.transactionVoided>;
export type TransactionMade = DataOf<typeof paymentEvents.transactionCreated>;

function fact(arrival: EventHeader, more: Partial<Omit<Fact, keyof EventHeader>>): Fact {
  const { id, type, source, subject, time } = arrival;
  return { id, type, source, subject, time, metric: null, currency: '', amount: minor(0), stories: [], ...more };
}

/** An event that counts, and tells no more. */
export const countedOnly = (arrival: EventHeader): Fact => fact(arrival, {});

export const userRegistered = (arrival: EventHeader): Fact => fact(arrival, { metric: 'users' });

export function productDescribed(arrival: EventHeader, product: Product): Fact {
  const { product_id: item_id, name, category } = product;
  return fact(arrival, { stories: [{ kind: 'product', item_id, place: byTime(arrival), name, category }] });
}

export function orderPlaced(arrival: EventHeader, order: OrderPlaced): Fact {
  const { order_id: item_id, currency, subtotal: net, tax, total: gross, status } = order;
  const lines = order.items.map(({ product_id, product_name, quantity, total }) => ({
    product_id,
    product_name,
    quantity,
    total,
  }));
  const place = ORDER_PLACE[status];
  const story: EntityFacts = { kind: 'order', item_id, known: true, place, status, currency, net, tax, gross, lines };
  return fact(arrival, { metric: 'orders', currency, amount: gross, stories: [story] });
}

export function orderStatusChanged(arrival: EventHeader, order: { order_id: number; status: OrderStatus }): Fact {
  const { order_id: item_id, status } = order;
  return fact(arrival, { stories: [{ kind: 'order', item_id, place: ORDER_PLACE[status], status }] });
}

export function invoiceCreated(arrival: EventHeader, invoice: InvoiceMade): Fact {
  const { invoice_id: item_id, currency, total: gross, status } = invoice;
  const place = INVOICE_PLACE[status];
  return fact(arrival, { stories: [{ kind: 'invoice', item_id, known: true, place, status, currency, gross }] });
}

export function invoiceStatusChanged(arrival: EventHeader, { invoice_id, to }: InvoiceMoved): Fact {
  const story: EntityFacts = { kind: 'invoice', item_id: invoice_id, place: INVOICE_PLACE[to], status: to };
  return fact(arrival, { stories: [story] });
}

/** The event names no currency: it is given. */
export function transactionCreated(arrival: EventHeader, made: TransactionMade, currency: string): Fact {
  const { transaction_id, user_id, amount } = made;
  return fact(arrival, {
    metric: 'transactions',
    currency,
    amount,
    stories: [
      {
        kind: 'transaction',
        item_id: transaction_id,
        known: true,
        place: '0',
        status: 'open',
        currency,
        gross: amount,
      },
      { kind: 'spender', item_id: user_id, known: true },
    ],
  });
}

/** An open transaction that is not to be paid any more. Money that came in all the same is stronger. */
export function transactionVoided(arrival: EventHeader, { transaction_id }: TransactionVoided): Fact {
  return fact(arrival, {
    stories: [{ kind: 'transaction', item_id: transaction_id, place: '1', status: 'voided' }],
  });
}

export function paymentCaptured(arrival: EventHeader, moved: MoneyMovement): Fact {
  const { transaction_id, invoice_id, amount, currency } = moved;
  const paid: EntityFacts = { kind: 'transaction', item_id: transaction_id, place: '2', status: 'paid', paid: amount };
  return fact(arrival, { metric: 'payments', currency, amount, stories: [paid, ...forInvoice(invoice_id, amount)] });
}

export function paymentRefunded(arrival: EventHeader, moved: MoneyMovement): Fact {
  const { transaction_id, invoice_id, amount, currency } = moved;
  const back = minor(-amount);
  const story: EntityFacts = { kind: 'transaction', item_id: transaction_id, paid: back };
  return fact(arrival, { metric: 'refunds', currency, amount, stories: [story, ...forInvoice(invoice_id, back)] });
}

function forInvoice(invoice_id: number | null, paid: Minor): EntityFacts[] {
  return invoice_id === null ? [] : [{ kind: 'invoice', item_id: invoice_id, paid }];
}

export function shipmentCreated(arrival: EventHeader, { shipment_id, status }: Shipment): Fact {
  const story: EntityFacts = { kind: 'shipment', item_id: shipment_id, known: true, place: byTime(arrival), status };
  return fact(arrival, { stories: [story] });
}

export function shipmentStatusChanged(arrival: EventHeader, { shipment_id, to }: ShipmentMoved): Fact {
  const story: EntityFacts = { kind: 'shipment', item_id: shipment_id, place: byTime(arrival), status: to };
  return fact(arrival, { stories: [story] });
}
