import { formatMoney, fromDecimal, type Minor, minor, toDecimalText } from '../../../platform/contract/money.ts';
import { type ShipmentStatus, stepsBetween } from '../../delivery/delivery.contract.ts';
import {
  type AnnouncedTotals,
  followTotals,
  netPaid,
  openAmount,
  owesNothing,
} from '../../payment/payment.totals.contract.ts';
import { expiryOf } from '../lifecycle/order.expiry.model.ts';
import type { Explanation, Waiting } from '../order.contract.ts';
import type { OrderState } from '../order.model.ts';
import { paymentFacts, totalsOf } from '../statuses/order.money.model.ts';
import { inCausalOrder, invoiceIn, type TimelineEvent } from './order.timeline.model.ts';

/** What an order waits for, since when, and who can go on with it; from its facts and what happened to it. */
export function explain(kept: OrderState, events: readonly TimelineEvent[], { now, expires }: Moment): Explanation {
  const { order_id, status, payment_status, fulfillment_status } = kept;
  // The order and its timeline hear of a payment each by itself. What one of them knows is not asked for again.
  const order = { ...kept, ...events.map((one) => announcedTotals(one, kept)).reduce(followTotals, totalsOf(kept)) };
  const story = storyOf(order, inCausalOrder(events), now);
  const waiting_for = status === 'cancelled' ? afterCancelling(order, story) : onTheWay(order, story);
  const expires_at = expires ? expiryOf(order, events) : null;
  const sentence = sentenceOf(order, waiting_for, expires_at);
  return { order_id, status, payment_status, fulfillment_status, waiting_for, expires_at, sentence };
}

/** When it is asked, and whether orders are cancelled by themselves in this shop. */
interface Moment {
  readonly now: string;
  readonly expires: boolean;
}

/** What the timeline adds to the order itself. */
interface Story {
  readonly invoice: ReturnType<typeof invoiceIn>;
  /** When a payment was asked for that is not made yet, as far as is known. */
  readonly asked?: string;
  /** The transactions that were paid and not wholly given back. */
  readonly paid: readonly unknown[];
  readonly shipment?: { readonly id: unknown; readonly status: unknown; readonly parcel: string };
  /** When the shipment, and the money, last moved. */
  readonly movedAt: string;
  readonly paidAt: string;
  readonly cancelledAt: string;
  /** Whether nothing was heard of a shipment long after it should have been made: an event was lost, or is held up. */
  readonly unshipped: boolean;
  /** Whether the last refund came to nothing. */
  readonly refused: boolean;
}

/** By then an order has its shipment, unless something is wrong. */
const SHIPMENT_MADE_MS = 120_000;

function storyOf(order: OrderState, events: readonly TimelineEvent[], now: string): Story {
  const last = (...types: string[]) => events.findLast(({ type }) => types.includes(type));
  const shipment = last('shipment.created', 'shipment.status_changed');
  const money = last('payment.captured', 'payment.refunded');
  const { carrier, tracking_number } = shipment?.data ?? {};
  return {
    invoice: invoiceIn(events),
    asked: askedAt(events),
    paid: paidTransactions(events, order),
    shipment: shipment && {
      id: shipment.data.shipment_id,
      status: shipment.data.to ?? shipment.data.status,
      parcel: tracking_number ? `parcel ${tracking_number} of ${carrier ?? 'the carrier'}` : 'the parcel',
    },
    movedAt: shipment?.at ?? order.updated_at,
    paidAt: money?.at ?? order.created_at,
    cancelledAt: last('order.cancelled')?.at ?? order.updated_at,
    unshipped: !shipment && Date.parse(now) - Date.parse(order.created_at) > SHIPMENT_MADE_MS,
    refused: last('refund.started', 'refund.failed', 'payment.refunded')?.type === 'refund.failed',
  };
}

function announcedTotals({ type, data }: TimelineEvent, { currency }: Pick<OrderState, 'currency'>): AnnouncedTotals {
  const moved = type === 'payment.captured' || type === 'payment.refunded';
  const amount = (name: string): Minor | null =>
    data[name] == null ? null : fromDecimal(Number(data[name]), currency);
  if (!moved) return { paid_total: null, refunded_total: null };
  const totals = { paid_total: amount('paid_total'), refunded_total: amount('refunded_total') };
  return data.credited_total === undefined ? totals : { ...totals, credited_total: amount('credited_total') };
}

function askedAt(events: readonly TimelineEvent[]): string | undefined {
  const over = events.filter(({ type }) => type === 'payment.captured' || type === 'transaction.voided');
  const done = new Set(over.map(({ data }) => data.transaction_id));
  return events.findLast(({ type, data }) => type === 'transaction.created' && !done.has(data.transaction_id))?.at;
}

function paidTransactions(events: readonly TimelineEvent[], { currency }: Pick<OrderState, 'currency'>): unknown[] {
  const left = new Map<unknown, number>();
  for (const { type, data } of events) {
    if (type !== 'payment.captured' && type !== 'payment.refunded') continue;
    const amount = fromDecimal(Number(data.amount), currency);
    left.set(
      data.transaction_id,
      (left.get(data.transaction_id) ?? 0) + (type === 'payment.captured' ? amount : -amount),
    );
  }
  return [...left].filter(([, amount]) => amount > 0).map(([id]) => id);
}

const AWAY = ['shipped', 'in_transit', 'failed', 'delivered'];

function afterCancelling(order: OrderState, story: Story): Waiting[] {
  const parcel: Waiting = {
    what: `the return of ${story.shipment?.parcel ?? 'the parcel'}, which had left when the order was cancelled`,
    since: story.movedAt,
    who: 'staff',
    how: `have it brought back, and say so: ${move(order, story, 'returned')}`,
  };
  const money = refund(order, story, later(story.cancelledAt, story.paidAt)).map(
    (one): Waiting => (story.refused ? one : { ...one, who: 'nobody', how: 'it is given back by itself, in a moment' }),
  );
  return [...(AWAY.includes(order.shipment_status) ? [parcel] : []), ...money];
}

function onTheWay(order: OrderState, story: Story): Waiting[] {
  if (order.shipment_status === 'returned') return refund(order, story, story.movedAt);
  if (order.status === 'completed') return [];
  return [...payment(order, story), ...delivery(order, story)];
}

function refund(order: OrderState, { paid }: Story, since: string): Waiting[] {
  const due = minor(Math.max(netPaid(order), 0));
  if (due === 0) return [];
  const amount = formatMoney(due, order.currency);
  const reason = order.status === 'cancelled' ? 'the order was cancelled' : 'the goods came back';
  const requests = paid.map((id) => `POST /transactions/${id}/refund {"reason": "${reason}"}`);
  const what = `the refund of ${amount}`;
  if (requests.length > 0) return [{ what, since, who: 'staff', how: requests.join(', then ') }];
  return [{ what, since, who: 'nobody', how: 'it can be given back as soon as its payment is known here' }];
}

function payment(order: OrderState, { invoice, asked, paidAt }: Story): Waiting[] {
  const due = openAmount(paymentFacts(order));
  if (due === 0) return [];
  const left = formatMoney(due, order.currency);
  if (!invoice || invoice.status === 'cancelled') {
    const what = invoice ? `another invoice, for ${invoice.number} was cancelled` : 'an invoice';
    const how = `POST /invoices {"order_id": ${order.order_id}}`;
    return [{ what, since: invoice?.since ?? order.created_at, who: 'customer', how }];
  }
  // The invoice has heard of the money, and the order has not: an event was lost, or is late.
  if (invoice.status === 'paid' && order.paid_total === 0) {
    return [{ what: 'word of its payment, which is missing', since: invoice.since, who: 'staff', how: UNHEARD }];
  }
  const pay = 'POST /transactions/pay';
  const about = `"amount": ${toDecimalText(due, order.currency)}, "description": "${invoice.number}"`;
  const how = asked ? pay : `POST /transactions {"invoice_id": ${invoice.id}, ${about}}, then ${pay}`;
  const draft = invoice.status === 'draft' ? ', a draft' : '';
  const what = `the payment of ${left} for invoice ${invoice.number}${draft}`;
  return [{ what, since: netPaid(order) > 0 ? paidAt : (asked ?? invoice.since), who: 'customer', how }];
}

function delivery(order: OrderState, story: Story): Waiting[] {
  const { movedAt: since } = story;
  const parcel = story.shipment?.parcel ?? 'the parcel';
  switch (story.shipment?.status === 'cancelled' ? 'cancelled' : order.shipment_status) {
    case 'cancelled':
      return [
        {
          what: 'its cancellation',
          since,
          who: 'staff',
          how: `its shipment was cancelled: POST /orders/${order.order_id}/cancel`,
        },
      ];
    case 'pending':
      return owesNothing(paymentFacts(order)) || story.unshipped ? [packing(order, story)] : [];
    case 'packed':
      return [{ what: `${parcel} to leave`, since, who: 'staff', how: move(order, story, 'shipped') }];
    case 'shipped':
    case 'in_transit':
      return [
        {
          what: `${parcel} to arrive`,
          since,
          who: 'carrier',
          how: `the carrier reports it, or staff do: ${move(order, story, 'delivered')}`,
        },
      ];
    case 'failed':
      return [
        {
          what: `a way on for ${parcel}, which could not be delivered`,
          since,
          who: 'staff',
          how:
            `settle it with the carrier, then ${move(order, story, 'delivered')}, or ` +
            `${move(order, story, 'returned')}, or send it again: ${move(order, story, 'packed')}`,
        },
      ];
    default:
      return [];
  }
}

function packing(order: OrderState, story: Story): Waiting {
  if (story.shipment) {
    const how = move(order, story, 'packed');
    return { what: 'the goods to be packed', since: story.paidAt, who: 'staff', how };
  }
  if (story.unshipped) {
    return { what: 'its shipment, which is missing', since: order.created_at, who: 'staff', how: MISSING };
  }
  return { what: 'its shipment', since: order.created_at, who: 'nobody', how: 'it is made by itself, in a moment' };
}

const UNHEARD =
  'orders are compared with their receivables every minute, and follow what they missed; when that changes ' +
  'nothing, look at GET /dead-letters/order';

const MISSING =
  'orders are compared with shipments every minute, and what is missing is made; when that changes nothing, look at ' +
  'GET /dead-letters/delivery and GET /dead-letters/order';

/** The request that moves the shipment on; the one that finds it, while it is not known here. */
function move(order: OrderState, { shipment }: Story, status: ShipmentStatus): string {
  if (!shipment) return `GET /shipments/order/${order.order_id}`;
  const steps = stepsBetween(order.shipment_status, status);
  const unpaid = status === 'shipped' && !owesNothing(paymentFacts(order)) ? ', "unpaid": true' : '';
  const skip = steps.length > 0 ? `, "skip": ${JSON.stringify(steps)}` : '';
  return `PUT /shipments/${shipment.id} {"status": "${status}"${skip}${unpaid}}`;
}

const later = (a: string, b: string): string => (a > b ? a : b);

function sentenceOf(order: OrderState, waiting: readonly Waiting[], expires_at: string | null): string {
  const words = (text: string) => text.replaceAll('_', ' ');
  const stands = `Order ${order.order_id} is ${order.status}, ${words(order.payment_status)} and ${words(order.fulfillment_status)}`;
  const end =
    expires_at && ` It is cancelled by itself at ${expires_at}, unless it is paid or invoiced on account before.`;
  if (waiting.length === 0) return `${stands}; it waits for nothing.${end ?? ''}`;
  const list = waiting.map(({ what, who }) => (who === 'nobody' ? what : `${what} (${who})`));
  return `${stands}; it waits for ${list.join(', and for ')}.${end ?? ''}`;
}
