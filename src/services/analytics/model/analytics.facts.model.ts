import { type Minor, minor } from '../../../platform/contract/money.ts';
import type { deliveryEvents, Shipment } from '../../delivery/delivery.contract.ts';
import type { InvoiceMade, InvoiceStatus, invoiceEvents } from '../../invoice/invoice.contract.ts';
import type { OrderPlaced, OrderStatus } from '../../order/order.contract.ts';
import type { MoneyMovement, paymentEvents } from '../../payment/payment.contract.ts';
import type { Receivable } from '../../payment/receivables/payment.receivables.contract.ts';
import type { Product } from '../../product/product.contract.ts';
import { type EntityKind, EVENT_METRICS, type EventMetric } from './analytics.metrics.model.ts';

/** What analytics reads of an event's envelope. */
export interface EventHeader {
  /** UUIDv7: the same event always has the same one. */
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly subject: string;
  readonly time: string;
}

/** The facts of one event as they are stored. Every figure can be made from these. */
export interface Fact extends EventHeader {
  /** What it counts for by itself, once. */
  readonly metric: EventMetric | null;
  /** '' for what has none. */
  readonly currency: string;
  readonly amount: Minor;
  /** The entities that it concerns; `stories` is the stored name. */
  readonly stories: readonly EntityFacts[];
}

/** What an event says of one entity. How the facts of an entity are merged is in `MERGED`. */
export interface EntityFacts {
  readonly kind: EntityKind;
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
  /** Of an order or an invoice: captured, given back and credited so far. */
  readonly paid_total?: Minor;
  readonly refunded_total?: Minor;
  readonly credited_total?: Minor;
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

function fact(header: EventHeader, more: Partial<Omit<Fact, keyof EventHeader | 'metric'>>): Fact {
  const { id, type, source, subject, time } = header;
  const metric = metricOf(type);
  return { id, type, source, subject, time, metric, currency: '', amount: minor(0), stories: [], ...more };
}

const metricOf = (type: string): EventMetric | null => (EVENT_METRICS as Record<string, EventMetric>)[type] ?? null;

/** An event that is counted, without facts of an entity. */
export const countedOnly = (header: EventHeader): Fact => fact(header, {});

export const userRegistered = (header: EventHeader): Fact => fact(header, {});

export function productDescribed(header: EventHeader, product: Product): Fact {
  const { product_id: item_id, name, category } = product;
  return fact(header, { stories: [{ kind: 'product', item_id, place: byTime(header), name, category }] });
}

export function orderPlaced(header: EventHeader, order: OrderPlaced): Fact {
  const { order_id: item_id, currency, subtotal: net, tax, total: gross, status } = order;
  const lines = order.items.map(({ product_id, product_name, quantity, total }) => ({
    product_id,
    product_name,
    quantity,
    total,
  }));
  const place = ORDER_PLACE[status];
  const entity: EntityFacts = { kind: 'order', item_id, known: true, place, status, currency, net, tax, gross, lines };
  return fact(header, { currency, amount: gross, stories: [entity] });
}

export function orderStatusChanged(header: EventHeader, order: { order_id: number; status: OrderStatus }): Fact {
  const { order_id: item_id, status } = order;
  return fact(header, { stories: [{ kind: 'order', item_id, place: ORDER_PLACE[status], status }] });
}

export function invoiceCreated(header: EventHeader, invoice: InvoiceMade): Fact {
  const { invoice_id: item_id, currency, total: gross, status } = invoice;
  const place = INVOICE_PLACE[status];
  return fact(header, { stories: [{ kind: 'invoice', item_id, known: true, place, status, currency, gross }] });
}

export function invoiceStatusChanged(header: EventHeader, { invoice_id, to }: InvoiceMoved): Fact {
  const entity: EntityFacts = { kind: 'invoice', item_id: invoice_id, place: INVOICE_PLACE[to], status: to };
  return fact(header, { stories: [entity] });
}

/** The event names no currency: it is given. */
export function transactionCreated(header: EventHeader, made: TransactionMade, currency: string): Fact {
  const { transaction_id, user_id, amount } = made;
  return fact(header, {
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
export function transactionVoided(header: EventHeader, { transaction_id }: TransactionVoided): Fact {
  return fact(header, {
    stories: [{ kind: 'transaction', item_id: transaction_id, place: '1', status: 'voided' }],
  });
}

export function paymentCaptured(header: EventHeader, moved: MoneyMovement): Fact {
  const { transaction_id, invoice_id, amount, currency } = moved;
  const paid: EntityFacts = { kind: 'transaction', item_id: transaction_id, place: '2', status: 'paid', paid: amount };
  const invoice: EntityFacts[] = invoice_id === null ? [] : [{ kind: 'invoice', item_id: invoice_id, paid: amount }];
  return fact(header, { currency, amount, stories: [paid, ...invoice, ...ofOrder(moved)] });
}

export function paymentRefunded(header: EventHeader, moved: MoneyMovement): Fact {
  const { transaction_id, invoice_id, amount, currency } = moved;
  const back: EntityFacts = { kind: 'transaction', item_id: transaction_id, paid: minor(-amount) };
  const totals = totalsOf(moved);
  const invoice: EntityFacts[] = invoice_id === null ? [] : [{ kind: 'invoice', item_id: invoice_id, ...totals }];
  return fact(header, { currency, amount, stories: [back, ...invoice, ...ofOrder(moved)] });
}

function ofOrder(moved: MoneyMovement): EntityFacts[] {
  return moved.order_id === null ? [] : [{ kind: 'order', item_id: moved.order_id, ...totalsOf(moved) }];
}

/** What payment says of an order, where events were missed or said less: totals only grow, so it never does harm. */
export function totalsRead(header: EventHeader, { order_id, ...totals }: Pick<Receivable, 'order_id' | Totals>): Fact {
  return fact(header, { stories: [{ kind: 'order', item_id: order_id, ...totals }] });
}

type Totals = 'paid_total' | 'refunded_total' | 'credited_total';

// Few captures come after a refund: what is 0 is not said. Before there were kinds of refunds, all were credits.
function totalsOf({ paid_total, refunded_total, credited_total = refunded_total }: MoneyMovement) {
  return {
    ...(paid_total && { paid_total }),
    ...(refunded_total && { refunded_total }),
    ...(credited_total && { credited_total }),
  };
}

export function shipmentCreated(header: EventHeader, { shipment_id, status }: Shipment): Fact {
  const entity: EntityFacts = { kind: 'shipment', item_id: shipment_id, known: true, place: byTime(header), status };
  return fact(header, { stories: [entity] });
}

export function shipmentStatusChanged(header: EventHeader, { shipment_id, to }: ShipmentMoved): Fact {
  const entity: EntityFacts = { kind: 'shipment', item_id: shipment_id, place: byTime(header), status: to };
  return fact(header, { stories: [entity] });
}
