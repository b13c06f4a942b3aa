import type { Ctx } from '../../platform/contract.ts';
import { type Consumer, type Envelope, on } from '../../platform/events.ts';
import { deliveryEvents } from '../delivery/delivery.contract.ts';
import { invoiceEvents } from '../invoice/invoice.contract.ts';
import { type Movement, paymentEvents } from '../payment/payment.contract.ts';
import { followPayment, followShipment, type ShipmentMove } from './order.axes.model.ts';
import type { OrderRepository, TimelineRepository } from './order.repository.ts';

export function orderConsumers(orders: OrderRepository): readonly Consumer[] {
  return [
    on(deliveryEvents.statusChanged, 'follow_shipment', shipment),
    on(paymentEvents.captured, 'follow_payment', money),
    on(paymentEvents.refunded, 'follow_refund', money),
    ...TOLD.map((event) => on(event, `tell_${event.type}`, (_ctx, _data, envelope) => tell(orders.timeline, envelope))),
  ];

  async function shipment(ctx: Ctx, move: ShipmentMove & { readonly order_id: number }): Promise<void> {
    await orders.save(ctx, followShipment(await orders.get(move.order_id), move, ctx));
  }

  async function money(ctx: Ctx, movement: Movement): Promise<void> {
    if (movement.order_id === null) return;
    await orders.save(ctx, followPayment(await orders.get(movement.order_id), movement, ctx));
  }
}

// Every event that says which order it concerns; what orders announce themselves is told as they do.
const TOLD = [deliveryEvents, invoiceEvents, paymentEvents].flatMap((events) => Object.values(events));

async function tell(timeline: TimelineRepository, envelope: Envelope): Promise<void> {
  const order_id = Number(/^order\/(\d{1,16})$/.exec(envelope.about ?? '')?.[1]);
  if (!Number.isSafeInteger(order_id)) return;
  await timeline.add({
    event_id: envelope.id,
    order_id,
    type: envelope.type,
    service: envelope.source,
    subject: envelope.subject,
    at: envelope.time,
    actor: envelope.actor,
    causation_id: envelope.causation ?? null,
    correlation_id: envelope.correlation,
    data: JSON.parse(envelope.data),
  });
}
