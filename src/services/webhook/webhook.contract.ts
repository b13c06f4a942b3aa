import { type Static, Type } from 'typebox';
import { contract, Id, Nothing, OneOf, op, PageOf, paging, Time } from '../../platform/contract/contract.ts';
import { Pattern } from '../../platform/contract/schema/text.ts';
import { webhookErrors } from './webhook.errors.contract.ts';
import { CATALOG, webhookEvents } from './webhook.events.contract.ts';

const textOrNull = (description?: string) => Type.Unsafe<string | null>({ type: ['string', 'null'], description });
const Types = () =>
  Type.Array(OneOf(...CATALOG.map(({ type }) => type)), {
    minItems: 1,
    maxItems: CATALOG.length,
    uniqueItems: true,
    description: 'types of the catalogue of events; those whose payload has no user_id are for staff',
  });
const Url = () =>
  Pattern('^[!-~]+$', 'an address of visible ASCII characters, such as https://shop.example/hooks', {
    minLength: 8,
    maxLength: 2000,
  });

/** An address that a user wants to be told at. */
export const Endpoint = Type.Object(
  {
    endpoint_id: Id(),
    user_id: Id(),
    url: Type.String(),
    types: Type.Array(Type.String()),
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

const BASE = '/webhooks/endpoints';
const ONE = `${BASE}/{endpoint_id}` as const;
const one = { endpoint_id: Id() };
/** The addresses that these operations had as a part of payment. */
const formerly = (path: string): string[] => [`/payment${path}`];

const endpointOps = {
  createEndpoint: op(`POST ${BASE}`, {
    access: 'customer',
    summary: 'Names an address that is told of events, by the Standard Webhooks; its secret is shown once',
    status: 201,
    idempotent: true,
    aliases: formerly(BASE),
    example: { url: 'https://shop.example/hooks', types: ['order.status_changed', 'payment.captured'] },
    input: Type.Object({ url: Url(), types: Type.Optional(Types()), everyone: Type.Optional(Type.Boolean()) }),
    output: WithSecret,
  }),
  listEndpoints: op(`GET ${BASE}`, {
    access: 'customer',
    summary: "One's own endpoints, newest first; for staff everybody's with all=true",
    aliases: formerly(BASE),
    input: Type.Object({ all: Type.Optional(Type.Boolean()), ...paging }),
    output: PageOf(Endpoint),
  }),
  getEndpoint: op(`GET ${ONE}`, {
    access: 'customer',
    summary: 'One endpoint',
    aliases: formerly(ONE),
    input: Type.Object(one),
    output: Endpoint,
  }),
  updateEndpoint: op(`PUT ${ONE}`, {
    access: 'customer',
    changes: 'getEndpoint',
    summary:
      'Gives an endpoint another address and other types; its secret stays, and what waits goes to the new address',
    example: { url: 'https://shop.example/hooks', types: ['order.created', 'shipment.created'] },
    input: Type.Object({ ...one, url: Url(), types: Types(), everyone: Type.Optional(Type.Boolean()) }),
    output: Endpoint,
  }),
  deleteEndpoint: op(`DELETE ${ONE}`, {
    access: 'customer',
    changes: 'getEndpoint',
    summary: 'Ends an endpoint; what waits for it is not sent any more',
    status: 204,
    aliases: formerly(ONE),
    input: Type.Object(one),
    output: Nothing(),
  }),
  rotateSecret: op(`POST ${ONE}/rotate`, {
    access: 'customer',
    summary: 'Gives an endpoint a new secret; for a day messages are signed with the old one too',
    aliases: formerly(`${ONE}/rotate`),
    input: Type.Object(one),
    output: WithSecret,
  }),
  enableEndpoint: op(`POST ${ONE}/enable`, {
    access: 'customer',
    summary: 'Takes up again what was disabled',
    aliases: formerly(`${ONE}/enable`),
    input: Type.Object(one),
    output: Endpoint,
  }),
};

const deliveryOps = {
  sendTest: op(`POST ${ONE}/test`, {
    access: 'customer',
    summary: 'Sends a message of the type webhook.test, signed as any other',
    status: 201,
    input: Type.Object(one),
    output: Delivery,
  }),
  listDeliveries: op(`GET ${ONE}/deliveries`, {
    access: 'customer',
    summary: 'What was sent to an endpoint, newest first, with every attempt',
    aliases: formerly(`${ONE}/deliveries`),
    input: Type.Object({ ...one, ...paging }),
    output: PageOf(Delivery),
  }),
  resend: op(`POST ${ONE}/deliveries/{delivery_id}/resend`, {
    access: 'customer',
    summary: 'Sends a message once more, under the same id',
    aliases: formerly(`${ONE}/deliveries/{delivery_id}/resend`),
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

export const webhookOps = { ...endpointOps, ...deliveryOps };

export const webhookContract = contract({
  name: 'webhook',
  summary: 'Endpoints of customers and of the shop, and the messages that are sent to them.',
  port: 3010,
  topic: 'webhooks',
  ops: webhookOps,
  events: webhookEvents,
  errors: webhookErrors,
  answers: new URL('./webhook.answers.json', import.meta.url),
});
