import { type Static, Type } from 'typebox';
import { event, Id, Nothing, OneOf, op, PageOf, paging, Time } from '../../../platform/contract/contract.ts';
import { errors } from '../../../platform/contract/errors.ts';
import { Pattern } from '../../../platform/contract/schema/text.ts';
import { prefixed } from '../payment.ledger.contract.ts';

/** What an endpoint may be told of. */
export const WEBHOOK_TYPES = [
  'order.status_changed',
  'order.cancelled',
  'shipment.status_changed',
  'invoice.status_changed',
  'payment.captured',
  'payment.refunded',
] as const;
export type WebhookType = (typeof WEBHOOK_TYPES)[number];

const textOrNull = (description?: string) => Type.Unsafe<string | null>({ type: ['string', 'null'], description });
const Types = Type.Array(OneOf(...WEBHOOK_TYPES), { minItems: 1, maxItems: WEBHOOK_TYPES.length, uniqueItems: true });

/** An address that a user wants to be told at. */
export const Endpoint = Type.Object(
  {
    endpoint_id: Id(),
    user_id: Id(),
    url: Type.String(),
    types: Types,
    everyone: Type.Boolean({ description: 'told of what concerns any user; for staff only' }),
    status: OneOf('active', 'disabled', 'deleted'),
    disabled_reason: textOrNull(),
    created_at: Time(),
  },
  { title: 'WebhookEndpoint' },
);
export type Endpoint = Static<typeof Endpoint>;

const WithSecret = Type.Object(
  {
    ...Endpoint.properties,
    secret: Type.String({ description: 'whsec_ and base64; it is shown this once' }),
  },
  { title: 'WebhookEndpointWithSecret' },
);

const Attempt = Type.Object(
  {
    at: Time(),
    status: Type.Unsafe<number | null>({ type: ['integer', 'null'], description: 'the HTTP status of the answer' }),
    error: textOrNull('why there was no answer'),
    ms: Type.Integer(),
  },
  { title: 'WebhookAttempt' },
);

/** One message to one endpoint, and what came of it. */
export const Delivery = Type.Object(
  {
    delivery_id: Id(),
    endpoint_id: Id(),
    message_id: Type.String({ description: 'the header webhook-id, the same at every attempt' }),
    type: Type.String(),
    status: OneOf('waiting', 'delivered', 'failed'),
    next_at: Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' }),
    created_at: Time(),
    attempts: Type.Array(Attempt),
  },
  { title: 'WebhookDelivery' },
);
export type Delivery = Static<typeof Delivery>;

export const webhookEvents = {
  endpointChanged: event(
    'webhook_endpoint.changed',
    'an endpoint for webhooks was made, disabled, deleted, or has a new secret; the subject is the endpoint',
    Type.Object({
      endpoint_id: Id(),
      user_id: Id(),
      change: OneOf('created', 'rotated', 'disabled', 'enabled', 'deleted'),
      reason: Type.Unsafe<string | null>({ type: ['string', 'null'], maxLength: 500 }),
      at: Time(),
    }),
  ),
};

export const webhookErrors = errors('WEBHOOK', {
  ENDPOINT_NOT_FOUND: ['not_found', 'endpoint not found', 'Check the id; GET /webhooks/endpoints lists your own.'],
  DELIVERY_NOT_FOUND: [
    'not_found',
    'delivery not found',
    'Check the id; GET /webhooks/endpoints/{endpoint_id}/deliveries lists them.',
  ],
  BAD_URL: [
    'invalid',
    ({ reason }: { reason: string }) => `url ${reason}`,
    'Name an address that can be reached from here, such as https://shop.example/hooks.',
  ],
  NOT_FOR_YOU: [
    'forbidden',
    'only staff may be told of what concerns everyone',
    'Leave everyone out: the endpoint is then told of what concerns you.',
  ],
  TOO_MANY: [
    'conflict',
    ({ most }: { most: number }) => `a user has at most ${most} endpoints`,
    'Delete one with DELETE /webhooks/endpoints/{endpoint_id}; one endpoint may be told of several types.',
  ],
  NOT_ACTIVE: [
    'conflict',
    'this endpoint is disabled; enable it first',
    'Enable it with POST /webhooks/endpoints/{endpoint_id}/enable; one that was deleted is made anew.',
  ],
});

const BASE = '/webhooks/endpoints';
const one = { endpoint_id: Id() };

export const webhookOps = {
  createEndpoint: op(`POST ${BASE}`, {
    access: 'customer',
    summary: 'Names an address that is told of events, by the Standard Webhooks; its secret is shown once',
    status: 201,
    idempotent: true,
    aliases: prefixed(BASE),
    example: { url: 'https://shop.example/hooks', types: ['order.status_changed', 'payment.captured'] },
    input: Type.Object({
      url: Pattern('^[!-~]+$', 'an address of visible ASCII characters, such as https://shop.example/hooks', {
        minLength: 8,
        maxLength: 2000,
      }),
      types: Type.Optional(Types),
      everyone: Type.Optional(Type.Boolean()),
    }),
    output: WithSecret,
  }),
  listEndpoints: op(`GET ${BASE}`, {
    access: 'customer',
    summary: "One's own endpoints, newest first; for staff everybody's with all=true",
    aliases: prefixed(BASE),
    input: Type.Object({ all: Type.Optional(Type.Boolean()), ...paging }),
    output: PageOf(Endpoint),
  }),
  getEndpoint: op(`GET ${BASE}/{endpoint_id}`, {
    access: 'customer',
    summary: 'One endpoint',
    aliases: prefixed(`${BASE}/{endpoint_id}`),
    input: Type.Object(one),
    output: Endpoint,
  }),
  deleteEndpoint: op(`DELETE ${BASE}/{endpoint_id}`, {
    access: 'customer',
    summary: 'Ends an endpoint; what waits for it is not sent any more',
    status: 204,
    aliases: prefixed(`${BASE}/{endpoint_id}`),
    input: Type.Object(one),
    output: Nothing(),
  }),
  rotateSecret: op(`POST ${BASE}/{endpoint_id}/rotate`, {
    access: 'customer',
    summary: 'Gives an endpoint a new secret; for a day messages are signed with the old one too',
    aliases: prefixed(`${BASE}/{endpoint_id}/rotate`),
    input: Type.Object(one),
    output: WithSecret,
  }),
  enableEndpoint: op(`POST ${BASE}/{endpoint_id}/enable`, {
    access: 'customer',
    summary: 'Takes up again what was disabled',
    aliases: prefixed(`${BASE}/{endpoint_id}/enable`),
    input: Type.Object(one),
    output: Endpoint,
  }),
  listDeliveries: op(`GET ${BASE}/{endpoint_id}/deliveries`, {
    access: 'customer',
    summary: 'What was sent to an endpoint, newest first, with every attempt',
    aliases: prefixed(`${BASE}/{endpoint_id}/deliveries`),
    input: Type.Object({ ...one, ...paging }),
    output: PageOf(Delivery),
  }),
  resend: op(`POST ${BASE}/{endpoint_id}/deliveries/{delivery_id}/resend`, {
    access: 'customer',
    summary: 'Sends a message once more, under the same id',
    aliases: prefixed(`${BASE}/{endpoint_id}/deliveries/{delivery_id}/resend`),
    input: Type.Object({ ...one, delivery_id: Id() }),
    output: Delivery,
  }),
  sendDue: op('POST /internal/webhooks/send', {
    access: 'internal',
    summary: 'Sends what is due',
    input: Nothing(),
    output: Type.Object({ sent: Type.Integer() }),
  }),
};
