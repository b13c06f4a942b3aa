import { type Static, Type } from '@sinclair/typebox';
import { contract, event, Id, Time } from '../../platform/contract.ts';
import { errors } from '../../platform/errors.ts';

const STATUSES = [
  'pending',
  'packed',
  'shipped',
  'in_transit',
  'delivered',
  'failed',
  'returned',
  'cancelled',
] as const;
export type ShipmentStatus = (typeof STATUSES)[number];
export const ShipmentStatus = () => Type.Unsafe<ShipmentStatus>({ type: 'string', enum: [...STATUSES] });

/** What the world sees of a shipment. */
export const Shipment = Type.Object({
  shipment_id: Id(),
  order_id: Id(),
  user_id: Id(),
  username: Type.String(),
  items: Type.Array(Type.Object({ product_id: Id(), product_name: Type.String(), quantity: Type.Integer() })),
  status: ShipmentStatus(),
  carrier: Type.Union([Type.String(), Type.Null()]),
  tracking_number: Type.Union([Type.String(), Type.Null()]),
  created_at: Time(),
  updated_at: Time(),
});
export type Shipment = Static<typeof Shipment>;

export const deliveryEvents = {
  created: event('shipment.created', 'an order is to be delivered', Shipment),
  statusChanged: event(
    'shipment.status_changed',
    'a shipment moved on',
    Type.Object({
      shipment_id: Id(),
      order_id: Id(),
      user_id: Id(),
      from: ShipmentStatus(),
      to: ShipmentStatus(),
      carrier: Type.Union([Type.String(), Type.Null()]),
      tracking_number: Type.Union([Type.String(), Type.Null()]),
      at: Time(),
    }),
  ),
};

export const deliveryErrors = errors('SHIPMENT', {
  NOT_FOUND: ['not_found', 'shipment not found'],
});

export const deliveryOps = {};

export const deliveryContract = contract({
  name: 'delivery',
  summary: 'Shipments: one an order, and where each of them is.',
  port: 3002,
  topic: 'shipments',
  ops: deliveryOps,
  events: deliveryEvents,
  errors: deliveryErrors,
});
