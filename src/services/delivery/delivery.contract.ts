import { type Static, Type } from 'typebox';
import { contract, event, Id, Nothing, OneOf, op, PageOf, paging, Time } from '../../platform/contract/contract.ts';
import { errors } from '../../platform/contract/errors.ts';
import { Pattern, TextLineOrNothing } from '../../platform/contract/schema/text.ts';
import { CARRIER_WORDS, type CarrierWord, ShipmentStatus, ShipmentStatusInput } from './delivery.statuses.contract.ts';
import {
  Cancellation,
  OrderToShip,
  ordersOps,
  SentAgain,
  type ShipmentOfOrder,
} from './orders/delivery.orders.contract.ts';

export { shipmentProgress, stepsBetween } from './delivery.statuses.contract.ts';
export { ShippingAddress, ShippingAddressOrNull } from './orders/delivery.orders.contract.ts';
export {
  CARRIER_WORDS,
  Cancellation,
  type CarrierWord,
  OrderToShip,
  type ShipmentOfOrder,
  ShipmentStatus,
  ShipmentStatusInput,
};

/** A shipment as the API shows it. */
export const Shipment = Type.Object({
  shipment_id: Id(),
  order_id: Id(),
  user_id: Id(),
  username: Type.String({ maxLength: 64 }),
  items: OrderToShip.properties.items,
  status: ShipmentStatus(),
  carrier: Type.Union([Type.String({ maxLength: 40 }), Type.Null()]),
  tracking_number: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
  created_at: Time(),
  updated_at: Time(),
});
export type Shipment = Static<typeof Shipment>;

const nullable = <T>(schema: { type: string }) => Type.Unsafe<T | null>({ ...schema, type: [schema.type, 'null'] });

/** Where a parcel goes. It is shown to those who may see the shipment, and is in no event. */
export const ShipTo = Type.Object({ name: Type.String(), lines: Type.Array(Type.String()) }, { title: 'ShipTo' });
export type ShipTo = Static<typeof ShipTo>;

/** One thing that was said of a shipment. */
export const Step = Type.Object(
  {
    status: ShipmentStatus(),
    at: Time(),
    note: nullable<string>(Type.String()),
    source: Type.Unsafe<Source>({ type: 'string', enum: ['platform', 'staff', 'carrier'] }),
    skipped: Type.Optional(Type.Array(ShipmentStatus(), { description: 'the steps that were left out' })),
    unpaid: Type.Optional(Type.Boolean({ description: 'it left on the word of the staff, paid or not' })),
  },
  { title: 'ShipmentStep' },
);
export type Source = 'platform' | 'staff' | 'carrier';

const ListedShipment = Type.Object(
  { ...Shipment.properties, ship_to: nullable<ShipTo>(ShipTo) },
  { title: 'Shipment' },
);
const ShipmentDetails = Type.Object(
  { ...ListedShipment.properties, history: Type.Array(Step) },
  { title: 'ShipmentDetails' },
);

export const deliveryEvents = {
  created: event('shipment.created', 'an order is to be delivered', Shipment),
  statusChanged: event(
    'shipment.status_changed',
    'a shipment moved on; from and to are the same when only its tracking number did',
    Type.Object({
      shipment_id: Id(),
      order_id: Id(),
      user_id: Id(),
      from: ShipmentStatus(),
      to: ShipmentStatus(),
      carrier: Type.Union([Type.String({ maxLength: 40 }), Type.Null()]),
      tracking_number: Type.Union([Type.String({ maxLength: 64 }), Type.Null()]),
      sent_again: Type.Optional(SentAgain()),
      reason: Type.Optional(OneOf('order_cancelled', 'staff')),
      cancellation: Type.Optional(Cancellation),
      at: Time(),
    }),
  ),
};

export const deliveryErrors = errors('SHIPMENT', {
  NOT_FOUND: [
    'not_found',
    'shipment not found',
    'Check the id; GET /shipments lists your own. The shipment of a new order follows it in a moment.',
  ],
  EXISTS: ['conflict', 'this order has a shipment already', 'Read it with GET /shipments/order/{order_id}.'],
  ILLEGAL_STATUS: [
    'conflict',
    ({ from, to }: { from: ShipmentStatus; to: ShipmentStatus }) => `a shipment that is ${from} cannot become ${to}`,
    'Statuses go forwards only; GET /shipments/{shipment_id} says how it stands.',
  ],
  STEPS_LEFT_OUT: [
    'conflict',
    ({ from, to, steps }: { from: ShipmentStatus; to: ShipmentStatus; steps: readonly ShipmentStatus[] }) =>
      `between ${from} and ${to} a shipment is ${steps.join(' and ')}; to leave that out, send ` +
      `{"status": "${to}", "skip": ${JSON.stringify(steps)}}`,
    'Set the statuses one after the other, or name the steps that are left out in `skip`.',
  ],
  UNPAID: [
    'conflict',
    ({ owed, body }: { owed: string; body: string }) =>
      `${owed} of its order is not paid; to let the parcel leave all the same, send ${body}`,
    'Wait until GET /orders/{order_id} says paid, or send `"unpaid": true` to let it leave before that.',
  ],
  TRACKING_TAKEN: [
    'conflict',
    'another shipment of this carrier has this tracking number',
    'Check the number on the label; GET /shipments?all=true shows whose it is.',
  ],
  BAD_SIGNATURE: [
    'invalid',
    'either a token of the staff, or the signature of the carrier, is needed',
    'Sign with CARRIER_SECRET as the README of delivery says, or send a token of the staff.',
  ],
});

const carrier = Pattern(
  '^[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}$',
  'at most 40 letters, digits, spaces, ., _ and -, such as DHL',
);
const trackingNumber = Pattern('^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$', 'at most 64 letters, digits, ., _, / and -');
const note = TextLineOrNothing(200);

export const deliveryOps = {
  list: op('GET /shipments', {
    access: 'customer',
    summary: "One's own shipments, newest first; for staff everybody's with all=true, or those of one user",
    input: Type.Object({
      status: Type.Optional(ShipmentStatusInput()),
      user_id: Type.Optional(Id()),
      all: Type.Optional(Type.Boolean()),
      ...paging,
    }),
    output: PageOf(ListedShipment),
  }),
  get: op('GET /shipments/{shipment_id}', {
    access: 'customer',
    summary: 'One shipment, with all that was said of it',
    input: Type.Object({ shipment_id: Id() }),
    output: ShipmentDetails,
  }),
  byOrder: op('GET /shipments/order/{order_id}', {
    access: 'customer',
    summary: 'The shipment of an order, with all that was said of it',
    input: Type.Object({ order_id: Id() }),
    output: ShipmentDetails,
  }),
  setStatus: op('PUT /shipments/{shipment_id}', {
    access: 'staff',
    changes: 'get',
    summary:
      'Moves a shipment to its next step: pending, packed, shipped, in_transit, delivered, or failed, returned, ' +
      'cancelled. Steps in between are named in skip, and an order that is not paid leaves with unpaid. One that ' +
      'failed may be packed and sent again',
    example: { status: 'shipped', skip: ['packed'], unpaid: true, carrier: 'DHL', tracking_number: 'JD014600003RS' },
    input: Type.Object({
      shipment_id: Id(),
      status: ShipmentStatusInput(),
      skip: Type.Optional(Type.Array(ShipmentStatus(), { maxItems: 8, description: 'steps that are left out' })),
      unpaid: Type.Optional(Type.Boolean({ description: 'lets the parcel of an order leave that is not paid' })),
      carrier: Type.Optional(carrier),
      tracking_number: Type.Optional(trackingNumber),
      note: Type.Optional(note),
    }),
    output: ShipmentDetails,
  }),
  carrierUpdate: op('POST /carriers/{carrier}/updates', {
    access: 'public',
    tokenWelcome: true,
    summary:
      'What a carrier says of a parcel; signed by the carrier, or sent by staff. Repeated or late, it does no harm',
    example: {
      tracking_number: 'JD014600003RS',
      status: 'in_transit',
      at: '2026-11-21T09:30:00Z',
      update_id: 'update-1',
      note: 'left the depot',
    },
    input: Type.Object({
      carrier,
      tracking_number: trackingNumber,
      status: Type.Unsafe<CarrierWord>({ type: 'string', enum: Object.keys(CARRIER_WORDS) }),
      at: Type.String({ maxLength: 40, description: "RFC 3339, by the carrier's clock" }),
      update_id: Pattern('^[!-~]{1,100}$', 'at most 100 visible ASCII characters, without spaces'),
      note: Type.Optional(note),
      signature: Type.Optional(
        Pattern('^[0-9a-f]{64}$', 'an HMAC-SHA256 with CARRIER_SECRET, as 64 hexadecimal digits; see the README'),
      ),
    }),
    output: Type.Object({ applied: Type.Boolean({ description: 'whether the shipment moved' }) }),
  }),
  ...ordersOps,
  playSimulator: op('POST /internal/carriers/simulator/play', {
    access: 'internal',
    summary: 'Plays what the built-in carrier has to say by now',
    input: Nothing(),
    output: Type.Object({ applied: Type.Integer() }),
  }),
};

export const deliveryContract = contract({
  name: 'delivery',
  summary: 'Shipments: one an order, and where each of them is.',
  port: 3002,
  topic: 'shipments',
  ops: deliveryOps,
  events: deliveryEvents,
  errors: deliveryErrors,
  answers: new URL('./delivery.answers.json', import.meta.url),
});
