import { randomUUID } from 'node:crypto';
import type { Actions } from '../../platform/app/actions.ts';
import type { ServiceParts } from '../../platform/app/module.ts';
import type { ApiOf, Ctx } from '../../platform/contract/contract.ts';
import type { userOps } from '../user/user.contract.ts';
import { type PaymentExport, webhookImport } from './import/webhook.import.ts';
import { interestIn } from './interest/webhook.interest.ts';
import { createSender } from './transport/webhook.sender.ts';
import type { webhookOps } from './webhook.contract.ts';
import { sendDue } from './webhook.delivery-job.ts';
import { endpointActions, visibleEndpoint } from './webhook.endpoints.ts';
import { webhookErrors } from './webhook.errors.contract.ts';
import { TEST_TYPE, webhookEvents } from './webhook.events.contract.ts';
import type { ImportRepository, Message, WebhookRepository } from './webhook.repository.ts';
import { roleFollower } from './webhook.roles.ts';

const DELIVERIES_KEPT_MS = 30 * 86_400_000;

/** What webhooks need of others: the role of an owner, and the webhooks that payment had before. */
export interface WebhookPeers {
  readonly user: Pick<ApiOf<typeof userOps>, 'get'>;
  readonly payment: PaymentExport;
}

/** What endpoints do by themselves, and follow from the events of others. */
export interface WebhookInternalActions {
  /** Queues an event for the endpoints that subscribe to it and may see it, unless payment had to queue it. */
  enqueue(ctx: Ctx, message: Message): Promise<unknown>;
  /** Whether an endpoint may want an event of this type. */
  mayWant(type: string): boolean;
  /** Disables the endpoints for staff of a user whose present role is not staff. */
  followRole(ctx: Ctx, user_id: number): Promise<unknown>;
  /** Imports what payment still has. */
  importRest(ctx: Ctx): Promise<unknown>;
  /** Deletes messages older than 30 days. */
  forgetDeliveries(ctx: Ctx): Promise<unknown>;
}

type WebhookParts = ServiceParts<WebhookRepository, WebhookPeers, 'config' | 'log'>;

/** What owners do with their endpoints, the job that sends, and what follows from events. */
export function webhookService({ repository: webhooks, peers, tools: { config, log } }: WebhookParts) {
  const { deliveries, imports } = webhooks;
  const sender = createSender(config);
  const followRole = roleFollower({ webhooks, user: peers.user });
  const interest = interestIn(webhooks);
  const imported = webhookImport({ imports: widening(imports), payment: peers.payment, checkRole: followRole, log });
  const visible = visibleEndpoint({ webhooks, imported });

  return {
    ...endpointActions({ webhooks, imported, visible, sender, interest }),
    async sendTest(ctx, { endpoint_id }) {
      await mustBeActive(ctx, endpoint_id);
      const data = JSON.stringify({ endpoint_id, at: ctx.now });
      return deliveries.enqueueFor(endpoint_id, { event_id: randomUUID(), type: TEST_TYPE, time: ctx.now, data });
    },
    async listDeliveries(ctx, { endpoint_id, limit = 50, cursor }) {
      await visible(ctx, endpoint_id);
      return deliveries.list(endpoint_id, { limit, cursor });
    },
    async resend(ctx, { endpoint_id, delivery_id }) {
      await mustBeActive(ctx, endpoint_id);
      return deliveries.resend(endpoint_id, delivery_id, ctx.now);
    },
    sendDue: async (ctx) => ({ sent: (await imported.isReady()) ? await sendDue(webhooks, sender, ctx) : 0 }),
    followRole,
    mayWant: (type) => type === webhookEvents.endpointChanged.type || interest.mayWant(type),
    async enqueue(_ctx, message) {
      if (message.time < (await imported.cut())) return;
      // Another process may have made the endpoint, which may wish for this very event.
      if (message.type === webhookEvents.endpointChanged.type) interest.forget();
      if (await interest.wants(message)) await deliveries.enqueue(message);
    },
    importRest: (_ctx) => imported.rest(),
    forgetDeliveries: (ctx) => deliveries.forget(new Date(Date.parse(ctx.now) - DELIVERIES_KEPT_MS).toISOString()),
  } satisfies Actions<typeof webhookOps> & WebhookInternalActions;

  function widening(repository: ImportRepository): ImportRepository {
    return {
      ...repository,
      save: (page) =>
        page.endpoints.length === 0 ? repository.save(page) : interest.widening(() => repository.save(page)),
    };
  }

  async function mustBeActive(ctx: Ctx, endpoint_id: number): Promise<void> {
    const { status } = await visible(ctx, endpoint_id);
    if (status !== 'active') throw webhookErrors.NOT_ACTIVE();
  }
}
