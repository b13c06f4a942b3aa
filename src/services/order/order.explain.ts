import { formatMoney, minor } from '../../platform/money.ts';
import { isSettled } from './order.axes.model.ts';
import type { Explanation, Waiting } from './order.contract.ts';
import type { OrderState } from './order.model.ts';
import { inCausalOrder, type TimelineEvent } from './order.timeline.model.ts';

/** What an order waits for, since when, and who can go on with it; from its facts and what happened to it. */
export function explain(order: OrderState, events: readonly TimelineEvent[]): Explanation {
  const { order_id, status, payment_status, fulfillment_status } = order;
  const story = storyOf(order, inCausalOrder(events));
  const waiting_for = status === 'cancelled' ? afterCancelling(order, story) : onTheWay(order, story);
  const sentence = sentenceOf(order, waiting_for);
  return { order_id, status, payment_status, fulfillment_status, waiting_for, sentence };
}

/** What the timeline adds to the order itself. */
interface Story {
  readonly invoice?: {
    readonly id: unknown;
    readonly number: unknown;
    readonly status: unknown;
    readonly since: string;
  };
  /** A payment that was asked for and is not made yet, as far as is known. */
  readonly asked?: string;
  readonly shipment?: { readonly id: unknown; readonly status: unknown; readonly parcel: string };
  /** When the shipment, and the money, last moved. */
  readonly movedAt: string;
  readonly paidAt: string;
  readonly cancelledAt: string;
  /** Whether the last refund came to nothing. */
  readonly refused: boolean;
}

function storyOf(order: OrderState, events: readonly TimelineEvent[]): Story {
  const last = (...types: string[]) => events.findLast(({ type }) => types.includes(type));
  const invoice = last('invoice.created', 'invoice.status_changed');
  const shipment = last('shipment.created', 'shipment.status_changed');
  const asked = last('transaction.created', 'transaction.voided');
  const money = last('payment.captured', 'payment.refunded');
  const { carrier, tracking_number } = shipment?.data ?? {};
  return {
    invoice: invoice && {
      id: invoice.data.invoice_id,
      number: invoice.data.invoice_number,
      status: invoice.data.to ?? invoice.data.status,
      since: invoice.at,
    },
    asked: asked?.type === 'transaction.created' && (!money || money.at < asked.at) ? asked.at : undefined,
    shipment: shipment && {
      id: shipment.data.shipment_id,
      status: shipment.data.to ?? shipment.data.status,
      parcel: tracking_number ? `parcel ${tracking_number} of ${carrier ?? 'the carrier'}` : 'the parcel',
    },
    movedAt: shipment?.at ?? order.updated_at,
    paidAt: money?.at ?? order.created_at,
    cancelledAt: last('order.cancelled')?.at ?? order.updated_at,
    refused: last('refund.started', 'refund.failed', 'payment.refunded')?.type === 'refund.failed',
  };
}

const AWAY = ['shipped', 'in_transit', 'failed', 'delivered'];

function afterCancelling(order: OrderState, story: Story): Waiting[] {
  const parcel: Waiting = {
    what: `the return of ${story.shipment?.parcel ?? 'the parcel'}, which had left when the order was cancelled`,
    since: story.movedAt,
    who: 'staff',
    how: `have it brought back, and say so with PUT ${shipmentPath(order, story)} {"status": "returned"}`,
  };
  const money = refund(order, later(story.cancelledAt, story.paidAt)).map(
    (one): Waiting =>
      story.refused ? one : { ...one, who: 'nobody', how: `it is given back by itself; else ${one.how}` },
  );
  return [...(AWAY.includes(order.shipment_status) ? [parcel] : []), ...money];
}

function onTheWay(order: OrderState, story: Story): Waiting[] {
  if (order.shipment_status === 'returned') return refund(order, story.movedAt);
  if (order.status === 'completed') return [];
  return [...payment(order, story), ...delivery(order, story)];
}

function refund(order: OrderState, since: string): Waiting[] {
  const due = minor(Math.max(order.paid_total - order.refunded_total, 0));
  if (due === 0) return [];
  const amount = formatMoney(due, order.currency);
  const how = 'staff give the paid transactions of its invoice back: POST /transactions/{transaction_id}/refund';
  return [{ what: `the refund of ${amount}`, since, who: 'staff', how }];
}

function payment(order: OrderState, { invoice, asked, paidAt }: Story): Waiting[] {
  if (isSettled(order)) return [];
  const left = formatMoney(minor(order.total - order.paid_total), order.currency);
  if (!invoice) {
    const how = `the customer, or staff, sends POST /invoices {"order_id": ${order.order_id}}`;
    return [{ what: 'an invoice', since: order.created_at, who: 'customer', how }];
  }
  if (invoice.status === 'cancelled') {
    const how = `its invoice was cancelled, and an order has one: POST /orders/${order.order_id}/cancel`;
    return [{ what: 'a decision about the order', since: invoice.since, who: 'staff', how }];
  }
  const pay = 'POST /transactions/pay';
  const how = asked ? pay : `POST /transactions {"invoice_id": ${invoice.id}, "amount": …}, then ${pay}`;
  const what = `the payment of ${left} for invoice ${invoice.number}`;
  return [{ what, since: order.paid_total > 0 ? paidAt : (asked ?? invoice.since), who: 'customer', how }];
}

function delivery(order: OrderState, story: Story): Waiting[] {
  const put = `PUT ${shipmentPath(order, story)}`;
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
      return isSettled(order) ? [packing(order, story, put)] : [];
    case 'packed':
      return [{ what: `${parcel} to leave`, since, who: 'staff', how: `${put} {"status": "shipped"}` }];
    case 'shipped':
    case 'in_transit':
      return [{ what: `${parcel} to arrive`, since, who: 'carrier', how: 'the carrier reports it; staff may, too' }];
    case 'failed':
      return [
        {
          what: `a way on for ${parcel}, which could not be delivered`,
          since,
          who: 'staff',
          how: `settle it with the carrier, then ${put} {"status": "delivered"} or {"status": "returned"}`,
        },
      ];
    default:
      return [];
  }
}

function packing(order: OrderState, { shipment, paidAt }: Story, put: string): Waiting {
  if (shipment)
    return { what: 'the goods to be packed', since: paidAt, who: 'staff', how: `${put} {"status": "packed"}` };
  return { what: 'its shipment', since: order.created_at, who: 'nobody', how: 'it is made by itself, in a moment' };
}

function shipmentPath({ order_id }: OrderState, { shipment }: Story): string {
  return shipment ? `/shipments/${shipment.id}` : `/shipments/{the one of order ${order_id}}`;
}

const later = (a: string, b: string): string => (a > b ? a : b);

function sentenceOf(order: OrderState, waiting: readonly Waiting[]): string {
  const words = (text: string) => text.replaceAll('_', ' ');
  const stands = `Order ${order.order_id} is ${order.status}, ${words(order.payment_status)} and ${words(order.fulfillment_status)}`;
  if (waiting.length === 0) return `${stands}; it waits for nothing.`;
  const list = waiting.map(({ what, who }) => (who === 'nobody' ? what : `${what} (${who})`));
  return `${stands}; it waits for ${list.join(', and for ')}.`;
}
