import { type Static, Type } from 'typebox';
import { Amount, Currency, Id, OneOf, op, Time } from '../../../platform/contract/contract.ts';
import { TextLine } from '../../../platform/contract/schema/text.ts';
import { MAX_LINES, MAX_NAME } from '../../product/product.contract.ts';
import { Address } from '../../user/user.contract.ts';
import { ShipmentStatus } from '../delivery.statuses.contract.ts';

/** What delivery needs of an order. */
export const OrderToShip = Type.Object({
  order_id: Id(),
  user_id: Id(),
  username: Type.String({ maxLength: 64 }),
  items: Type.Array(
    Type.Object({ product_id: Id(), product_name: Type.String({ maxLength: MAX_NAME }), quantity: Type.Integer() }),
    { maxItems: MAX_LINES },
  ),
  total: Amount(),
  currency: Currency(),
});
export type OrderToShip = Static<typeof OrderToShip>;

/** Where the parcel of an order goes; without a name to whom the profile of the buyer says. */
export const ShippingAddress = Type.Object(
  { name: Type.Optional(TextLine(100)), ...Address.properties },
  { title: 'ShippingAddress', additionalProperties: false },
);
export type ShippingAddress = Static<typeof ShippingAddress>;
export const ShippingAddressOrNull = Type.Unsafe<ShippingAddress | null>({
  ...ShippingAddress,
  title: undefined,
  type: ['object', 'null'],
  description: 'set for this order; null: the address that the profile had when it was placed',
});

/** Why an order is cancelled: somebody asked for it, or nobody paid for it in time. */
export const Cancellation = OneOf('requested', 'expired');
export type Cancellation = Static<typeof Cancellation>;

/** How often a parcel that could not be delivered was packed anew. */
export const SentAgain = () => Type.Integer({ description: 'how often it was packed again after it had failed' });

/** How the shipment of an order stands, for the order that compares itself with it. */
export const ShipmentOfOrder = Type.Object({
  shipment_id: Id(),
  order_id: Id(),
  status: ShipmentStatus(),
  sent_again: SentAgain(),
  shipping_address: ShippingAddressOrNull,
  delivered_at: Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' }),
  cancellation: Type.Unsafe<Cancellation | null>({
    type: ['string', 'null'],
    enum: ['requested', 'expired', null],
    description: 'set when it is cancelled because its order is to be cancelled',
  }),
  updated_at: Time(),
});
export type ShipmentOfOrder = Static<typeof ShipmentOfOrder>;

/** How many orders one request asks about. */
const MAX_ORDERS = 200;

/** What the order service asks of shipments. */
export const ordersOps = {
  stop: op('POST /internal/shipments/stop', {
    access: 'internal',
    summary: 'Cancels the shipment of an order that is to be cancelled, unless it has left; repeating changes nothing',
    input: Type.Object({ order: OrderToShip, cancellation: Cancellation }),
    output: Type.Object({ stopped: Type.Boolean(), status: ShipmentStatus() }),
  }),
  openFor: op('POST /internal/shipments', {
    access: 'internal',
    summary: 'Makes the shipment of an order that has none',
    input: Type.Object({ order: OrderToShip }),
    output: Type.Object({ made: Type.Boolean() }),
  }),
  setShippingAddress: op('POST /internal/shipments/shipping-address', {
    access: 'internal',
    summary: 'Sets where the parcel of an order goes, unless it is packed; makes the shipment when there is none yet',
    input: Type.Object({ order: OrderToShip, shipping_address: ShippingAddress }),
    output: Type.Object({ set: Type.Boolean(), status: ShipmentStatus() }),
  }),
  findByOrders: op('POST /internal/shipments/find', {
    access: 'internal',
    summary: 'How the shipments of these orders stand; an order without one is left out',
    input: Type.Object({ order_ids: Type.Array(Id(), { maxItems: MAX_ORDERS }) }),
    output: Type.Object({ items: Type.Array(ShipmentOfOrder) }),
  }),
};
