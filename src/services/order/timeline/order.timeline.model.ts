import { formatMoney, fromDecimal, isDecimalAmount } from '../../../platform/contract/money.ts';
import type { OrderDetails } from '../order.contract.ts';

/** One event that concerned an order, as it was announced. */
export interface TimelineEvent {
  readonly event_id: string;
  readonly order_id: number;
  readonly type: string;
  /** Who announced it. */
  readonly service: string;
  readonly subject: string;
  readonly at: string;
  /** As `actorText` has it. */
  readonly actor: string;
  readonly causation_id: string | null;
  readonly correlation_id: string;
  /** As it travelled: amounts are decimals. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** An event as it was announced, with its payload read: from the bus, or from the save that announces it. */
export interface AnnouncedEvent {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly actor: string;
  readonly causation?: string;
  readonly correlation: string;
  readonly about?: string;
  readonly data: unknown;
}

/** An event as the timeline of the order that it is about keeps it; undefined when it is about none. */
export function timelineEventOf(event: AnnouncedEvent): TimelineEvent | undefined {
  const order_id = Number(/^order\/(\d{1,16})$/.exec(event.about ?? '')?.[1]);
  if (!Number.isSafeInteger(order_id)) return undefined;
  return {
    event_id: event.id,
    order_id,
    type: event.type,
    service: event.source,
    subject: event.subject,
    at: event.time,
    actor: event.actor,
    causation_id: event.causation ?? null,
    correlation_id: event.correlation,
    // The payload of every event is an object.
    data: event.data as TimelineEvent['data'],
  };
}

/** A cause before its effects; what neither brought about is told by its time, then as it became known. */
export function inCausalOrder<E extends TimelineEvent>(events: readonly E[]): E[] {
  const waiting = [...events].sort(byTime);
  const ids = new Set(waiting.map(({ event_id }) => event_id));
  const told = new Set<string>();
  const ordered: E[] = [];
  while (waiting.length > 0) {
    const ready = waiting.findIndex(
      ({ causation_id }) => !causation_id || !ids.has(causation_id) || told.has(causation_id),
    );
    // No event can be the cause of its own cause; should somebody say so, time decides.
    const [next] = waiting.splice(Math.max(ready, 0), 1);
    if (!next) break;
    told.add(next.event_id);
    ordered.push(next);
  }
  return ordered;
}

// Of one moment nothing is said: the sort leaves those as they came.
function byTime(a: TimelineEvent, b: TimelineEvent): number {
  if (a.at === b.at) return 0;
  return a.at < b.at ? -1 : 1;
}

/**
 * The event with which it began: up the causes as far as they are known, and where one is not, the first thing that
 * a person did under the same request. Undefined for what is its own beginning.
 */
export function rootOf(event: TimelineEvent, events: readonly TimelineEvent[]): TimelineEvent | undefined {
  const byId = new Map(events.map((one) => [one.event_id, one]));
  const passed = new Set<string>();
  let root = event;
  while (root.causation_id && !passed.has(root.event_id)) {
    passed.add(root.event_id);
    const cause = byId.get(root.causation_id) ?? begunBy(root, events);
    if (!cause) break;
    root = cause;
  }
  return root === event ? undefined : root;
}

function begunBy({ correlation_id, event_id }: TimelineEvent, events: readonly TimelineEvent[]) {
  return [...events]
    .sort(byTime)
    .find((one) => one.correlation_id === correlation_id && one.actor !== 'system' && one.event_id !== event_id);
}

/** The newest invoice of an order and how it stands, as far as the events say. */
export function invoiceIn(events: readonly TimelineEvent[]) {
  const last = inCausalOrder(events).findLast(
    ({ type }) => type === 'invoice.created' || type === 'invoice.status_changed',
  );
  if (!last) return undefined;
  const { invoice_id: id, invoice_number: number, to, status } = last.data;
  return { id, number, status: to ?? status, since: last.at };
}

/** One sentence for a person; amounts are in the currency of the order. */
export function eventSummary({ type, data }: TimelineEvent, { currency }: Pick<OrderDetails, 'currency'>): string {
  const money = (name: string): string => {
    const amount = Number(data[name]);
    return isDecimalAmount(amount, currency) ? formatMoney(fromDecimal(amount, currency), currency) : 'an amount';
  };
  const word = (name: string): string => String(data[name] ?? '').replaceAll('_', ' ');
  const sentences: Record<string, () => string> = {
    'order.created': () => `${word('username')} placed the order for ${money('total')}.`,
    'order.cancelled': () =>
      data.reason === 'expired'
        ? 'Nobody paid in time: the order was cancelled and its stock given back.'
        : 'The order was cancelled and its stock given back.',
    'order.address_changed': () => 'The parcel goes to another address.',
    'order.status_changed': () =>
      `The order is ${word('status')}: ${word('payment_status')}, ${word('fulfillment_status')}.`,
    'shipment.created': () => `Shipment ${word('shipment_id')} waits to be packed.`,
    'shipment.status_changed': () => shipmentSentence(data, word),
    'invoice.created': () => `Invoice ${data.invoice_number} over ${money('total')} was made.`,
    'invoice.status_changed': () => `Invoice ${data.invoice_number} is ${word('to')}.`,
    'invoice.balance_changed': () => `${money('open')} of invoice ${data.invoice_number} is open.`,
    'transaction.created': () => `A payment of ${money('amount')} was asked for.`,
    'transaction.paid': () => `All that was open was paid: ${word('transactions_paid')} transaction(s).`,
    'transaction.voided': () => `A payment of ${money('amount')} is no longer asked for.`,
    'payment.started': () => `A payment of ${money('amount')} is under way.`,
    'payment.failed': () => `A payment of ${money('amount')} was refused.`,
    'refund.started': () => `A refund of ${money('amount')} is under way.`,
    'refund.failed': () => `A refund of ${money('amount')} was refused.`,
    'payment.captured': () => `${money('amount')} was paid.`,
    'payment.refunded': () => `${money('amount')} was given back.`,
  };
  return sentences[type]?.() ?? `${type} happened.`;
}

function shipmentSentence(data: TimelineEvent['data'], word: (name: string) => string): string {
  const parcel = data.tracking_number ? `, as ${data.tracking_number} with ${data.carrier ?? 'its carrier'}` : '';
  if (data.from === data.to) return `Shipment ${word('shipment_id')} has another label${parcel}.`;
  return `Shipment ${word('shipment_id')} is ${word('to')}${parcel}.`;
}
