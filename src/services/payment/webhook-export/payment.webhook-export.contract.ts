import { type Static, Type } from 'typebox';
import { Id, OneOf, op, Time } from '../../../platform/contract/contract.ts';

const nullableText = () => Type.Unsafe<string | null>({ type: ['string', 'null'] });
const nullableTime = () => Type.Unsafe<string | null>({ type: ['string', 'null'], format: 'date-time' });

const ExportedEndpoint = Type.Object(
  {
    endpoint_id: Id(),
    user_id: Id(),
    url: Type.String(),
    types: Type.Array(Type.String()),
    everyone: Type.Boolean(),
    status: OneOf('active', 'disabled', 'deleted'),
    disabled_reason: nullableText(),
    secret: Type.String(),
    previous_secret: nullableText(),
    previous_until: nullableTime(),
    failing_since: nullableTime(),
    created_at: Time(),
    version: Type.Integer(),
  },
  { title: 'ExportedWebhookEndpoint' },
);

const ExportedDelivery = Type.Object(
  {
    delivery_id: Id(),
    endpoint_id: Id(),
    message_id: Type.String(),
    type: Type.String(),
    time: Time(),
    data: Type.String(),
    status: OneOf('waiting', 'delivered', 'failed'),
    tries: Type.Integer(),
    next_at: nullableTime(),
    created_at: Time(),
    attempts: Type.Array(
      Type.Object({
        at: Time(),
        status: Type.Unsafe<number | null>({ type: ['integer', 'null'] }),
        error: nullableText(),
        ms: Type.Integer(),
      }),
    ),
  },
  { title: 'ExportedWebhookDelivery' },
);

/** How many endpoints or deliveries a page has at most. */
export const EXPORT_PAGE_SIZE = 200;

/** What the page before brought and is saved there: it is not exported again. */
const Received = Type.Object({
  endpoints: Type.Array(Id(), { maxItems: EXPORT_PAGE_SIZE }),
  deliveries: Type.Array(Id(), { maxItems: EXPORT_PAGE_SIZE }),
});
export type Received = Static<typeof Received>;

const ExportPage = Type.Object(
  {
    cut_at: Time(),
    last_endpoint_id: Type.Integer(),
    last_delivery_id: Type.Integer(),
    endpoints: Type.Array(ExportedEndpoint),
    deliveries: Type.Array(ExportedDelivery, { description: 'none as long as there are endpoints' }),
    more: Type.Boolean({ description: 'deliveries wait that are not in this page: ask again after a while' }),
  },
  { title: 'WebhookExportPage' },
);
export type ExportPage = Static<typeof ExportPage>;

/** Webhooks were a part of payment before they became a service: what is still kept here is handed out to it. */
export const exportOps = {
  exportWebhooks: op('POST /internal/payments/webhooks/export', {
    access: 'internal',
    summary: 'The next page of endpoints and deliveries that were kept here; the first call makes the cut',
    input: Received,
    output: ExportPage,
  }),
};
