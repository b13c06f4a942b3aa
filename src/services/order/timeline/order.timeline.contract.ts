import { type Static, Type } from 'typebox';
import { Id, OneOf, Time } from '../../../platform/contract/contract.ts';
import { FulfillmentStatus, OrderStatus, PaymentStatus } from '../statuses/order.statuses.contract.ts';

const Actor = Type.Object(
  {
    kind: OneOf('anonymous', 'user', 'system'),
    id: Type.Optional(Id()),
    username: Type.Optional(Type.String({ description: 'for oneself, and for staff' })),
  },
  { title: 'TimelineActor' },
);

/** One thing that happened to an order, in whichever service. */
export const TimelineEntry = Type.Object(
  {
    event_id: Type.String(),
    type: Type.String(),
    service: Type.String(),
    subject: Type.String(),
    at: Time(),
    actor: Actor,
    because_of: Type.Optional(Type.Object({ event_id: Type.String(), type: Type.String(), actor: Actor })),
    causation_id: Type.Unsafe<string | null>({ type: ['string', 'null'] }),
    correlation_id: Type.String(),
    summary: Type.String(),
    data: Type.Unknown(),
  },
  { title: 'TimelineEntry' },
);
export type TimelineEntry = Static<typeof TimelineEntry>;

const Waiting = Type.Object(
  {
    what: Type.String(),
    since: Time(),
    who: OneOf('customer', 'staff', 'carrier', 'nobody'),
    how: Type.String({ description: 'in words, with each request as METHOD /path {body}' }),
  },
  { title: 'Waiting' },
);
export type Waiting = Static<typeof Waiting>;

/** What an order waits for. */
export const Explanation = Type.Object(
  {
    order_id: Id(),
    status: OrderStatus,
    payment_status: PaymentStatus,
    fulfillment_status: FulfillmentStatus,
    waiting_for: Type.Array(Waiting),
    expires_at: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      format: 'date-time',
      description: 'when it is cancelled by itself, unless it is paid or invoiced on account before',
    }),
    sentence: Type.String(),
  },
  { title: 'Explanation' },
);
export type Explanation = Static<typeof Explanation>;
