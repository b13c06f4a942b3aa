import { randomUUID } from 'node:crypto';
import type { Actions } from '../../platform/app/actions.ts';
import type { ServiceParts } from '../../platform/app/module.ts';
import { isStaff, maySee, self } from '../../platform/contract/actor.ts';
import type { ApiOf, Ctx } from '../../platform/contract/contract.ts';
import { AppError } from '../../platform/contract/errors.ts';
import { withId } from '../../platform/contract/ids.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { userOps } from '../user/user.contract.ts';
import { createSender } from './transport/webhook.sender.ts';
import { newSecret } from './transport/webhook.signature.ts';
import type { webhookOps } from './webhook.contract.ts';
import { sendDue } from './webhook.delivery-job.ts';
import { webhookErrors } from './webhook.errors.contract.ts';
import { DEFAULT_TYPES, TEST_TYPE } from './webhook.events.contract.ts';
import { type PaymentExport, webhookImport } from './webhook.import.ts';
import {
  createEndpoint,
  disable,
  type EndpointState,
  enable,
  isForStaff,
  publicEndpoint,
  remove,
  rotate,
  updateEndpoint,
} from './webhook.model.ts';
import type { Message, WebhookRepository } from './webhook.repository.ts';

const DELIVERIES_KEPT_MS = 30 * 86_400_000;

/** What webhooks need of others: the role of an owner, and what payment kept of them before. */
export interface WebhookPeers {
  readonly user: Pick<ApiOf<typeof userOps>, 'get'>;
  readonly payment: PaymentExport;
}

/** What endpoints do by themselves, and follow from the events of others. */
export interface WebhookInternalActions {
  /** Queues an event for the endpoints that want it and may have it, unless payment had it to queue. */
  enqueue(ctx: Ctx, message: Message): Promise<unknown>;
  /** Disables what is for staff when its owner is of the staff no longer: by the role of now, not of the event. */
  followRole(ctx: Ctx, user_id: number): Promise<unknown>;
  /** Imports from payment what is still there. */
  importRest(ctx: Ctx): Promise<unknown>;
  /** Forgets the messages of more than a month ago. */
  forgetDeliveries(ctx: Ctx): Promise<unknown>;
}

type WebhookParts = ServiceParts<WebhookRepository, WebhookPeers, 'config' | 'log'>;

/** What owners do with their endpoints, the job that sends, and what follows from events. */
export function webhookService({ repository: webhooks, peers, tools: { config, log } }: WebhookParts) {
  const sender = createSender(config);
  const { deliveries, imports } = webhooks;
  const imported = webhookImport({ imports, payment: peers.payment, checkRole: followRole, log });

  return {
    createEndpoint: {
      async execute(ctx, { url, types = [...DEFAULT_TYPES], everyone = false }) {
        await imported.cut();
        mustBeCallable(url);
        const wanted = { user_id: self(ctx).id, url, types, everyone, secret: newSecret() };
        const save = (endpoint_id: number) =>
          webhooks.save(ctx, createEndpoint({ ...wanted, endpoint_id }, isStaff(ctx.actor), ctx));
        return withId(webhooks.ids, save, ({ endpoint_id }) => endpoint_id);
      },
      respond: (_ctx, state: EndpointState) => withSecret(state),
    },
    async listEndpoints(ctx, { all, limit = 50, cursor }) {
      await imported.cut();
      const user_id = all === true && isStaff(ctx.actor) ? undefined : self(ctx).id;
      const { items, next } = await webhooks.list({ user_id }, { limit, cursor });
      return { items: items.map(publicEndpoint), next };
    },
    getEndpoint: async (ctx, { endpoint_id }) => publicEndpoint(await own(ctx, endpoint_id)),
    async updateEndpoint(ctx, { endpoint_id, url, types, everyone }) {
      const state = await own(ctx, endpoint_id);
      mustBeCallable(url);
      const wanted = { url, types, everyone: everyone ?? state.everyone };
      return publicEndpoint(await webhooks.save(ctx, updateEndpoint(state, wanted, isStaff(ctx.actor), ctx)));
    },
    async deleteEndpoint(ctx, { endpoint_id }) {
      await webhooks.save(ctx, remove(await own(ctx, endpoint_id), ctx));
      return {};
    },
    async rotateSecret(ctx, { endpoint_id }) {
      return withSecret(await webhooks.save(ctx, rotate(await own(ctx, endpoint_id), newSecret(), ctx)));
    },
    async enableEndpoint(ctx, { endpoint_id }) {
      return publicEndpoint(await webhooks.save(ctx, enable(await own(ctx, endpoint_id), isStaff(ctx.actor), ctx)));
    },
    async sendTest(ctx, { endpoint_id }) {
      await mustBeActive(ctx, endpoint_id);
      const data = JSON.stringify({ endpoint_id, at: ctx.now });
      return deliveries.enqueueFor(endpoint_id, { event_id: randomUUID(), type: TEST_TYPE, time: ctx.now, data });
    },
    async listDeliveries(ctx, { endpoint_id, limit = 50, cursor }) {
      await own(ctx, endpoint_id);
      return deliveries.list(endpoint_id, { limit, cursor });
    },
    async resend(ctx, { endpoint_id, delivery_id }) {
      await mustBeActive(ctx, endpoint_id);
      return deliveries.resend(endpoint_id, delivery_id, ctx.now);
    },
    sendDue: async (ctx) => ({ sent: (await imported.isReady()) ? await sendDue(webhooks, sender, ctx) : 0 }),
    followRole,
    async enqueue(_ctx, message) {
      if (message.time >= (await imported.cut())) await deliveries.enqueue(message);
    },
    importRest: (_ctx) => imported.rest(),
    forgetDeliveries: (ctx) => deliveries.forget(new Date(Date.parse(ctx.now) - DELIVERIES_KEPT_MS).toISOString()),
  } satisfies Actions<typeof webhookOps> & WebhookInternalActions;

  async function own(ctx: Ctx, endpoint_id: number): Promise<EndpointState> {
    await imported.cut();
    const found = await webhooks.get(endpoint_id);
    if (!maySee(ctx.actor, found)) throw webhookErrors.ENDPOINT_NOT_FOUND();
    return found;
  }

  async function mustBeActive(ctx: Ctx, endpoint_id: number): Promise<void> {
    const { status } = await own(ctx, endpoint_id);
    if (status !== 'active') throw webhookErrors.NOT_ACTIVE();
  }

  function mustBeCallable(url: string): void {
    const fault = sender.fault(url);
    if (fault) throw webhookErrors.BAD_URL({ reason: fault });
  }

  async function followRole(ctx: Ctx, user_id: number): Promise<void> {
    const found = (await webhooks.activeOf(user_id)).filter(isForStaff);
    if (found.length === 0 || (await isOfStaff(ctx, user_id))) return;
    // One event disables several endpoints: its mark belongs to none of them, and a repetition finds none active.
    const unmarked = { ...ctx, cause: undefined };
    for (const { endpoint_id } of found) {
      await retryOnConflict(async () => {
        const state = await webhooks.get(endpoint_id);
        await webhooks.save(unmarked, disable(state, 'its owner is no longer of the staff', ctx));
      });
    }
  }

  async function isOfStaff(ctx: Ctx, user_id: number): Promise<boolean> {
    try {
      const { role } = await peers.user.get(ctx, { user_id });
      return role !== 'customer';
    } catch (error) {
      if (error instanceof AppError && error.kind === 'not_found') return false;
      throw error;
    }
  }
}

const withSecret = (state: EndpointState) => ({ ...publicEndpoint(state), secret: state.secret });
