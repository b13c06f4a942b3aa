import type { Actions } from '../../../platform/app/module.ts';
import { isStaff, maySee, self } from '../../../platform/contract/actor.ts';
import type { Ctx, Role } from '../../../platform/contract/contract.ts';
import { withId } from '../../../platform/contract/ids.ts';
import { retryOnConflict } from '../../../platform/contract/retry-on-conflict.ts';
import { WEBHOOK_TYPES, webhookErrors, type webhookOps } from './webhook.contract.ts';
import {
  createEndpoint,
  disable,
  type EndpointState,
  enable,
  outcomeOf,
  publicEndpoint,
  reasonToDisable,
  remove,
  rotate,
} from './webhook.model.ts';
import type { Message, WebhookRepository } from './webhook.repository.ts';
import type { Sending } from './webhook.sending.ts';
import { newSecret } from './webhook.signing.ts';

const DELIVERIES_KEPT_MS = 30 * 86_400_000;
/** How long what is taken is left to the one who took it: longer than an attempt lasts. */
const TAKEN_SECONDS = 60;

/** What endpoints do by themselves, and follow from the events of others. */
export interface WebhookInternalActions {
  /** Puts a message into the queue of each endpoint that wants it and may have it; once, however often it comes. */
  enqueue(ctx: Ctx, message: Message): Promise<unknown>;
  /** Who is no longer of the staff is no longer told of everyone. */
  followRole(ctx: Ctx, account: { readonly user_id: number; readonly role: Role }): Promise<unknown>;
  /** Forgets the messages of more than a month ago. */
  forgetDeliveries(ctx: Ctx): Promise<unknown>;
}

/** What customers do with their endpoints, and the job that sends. */
export function webhookService(webhooks: WebhookRepository, sending: Sending) {
  return {
    createEndpoint: {
      async execute(ctx, { url, types = [...WEBHOOK_TYPES], everyone = false }) {
        const fault = sending.fault(url);
        if (fault) throw webhookErrors.BAD_URL({ reason: fault });
        const wanted = { user_id: self(ctx).id, url, types, everyone, secret: newSecret() };
        const save = (endpoint_id: number) =>
          webhooks.save(ctx, createEndpoint({ ...wanted, endpoint_id }, isStaff(ctx.actor), ctx));
        return withId(webhooks.ids, save, ({ endpoint_id }) => endpoint_id);
      },
      respond: (_ctx, state: EndpointState) => withSecret(state),
    },
    async listEndpoints(ctx, { all, limit = 50, cursor }) {
      const user_id = all === true && isStaff(ctx.actor) ? undefined : self(ctx).id;
      const { items, next } = await webhooks.list({ user_id }, { limit, cursor });
      return { items: items.map(publicEndpoint), next };
    },
    getEndpoint: async (ctx, { endpoint_id }) => publicEndpoint(await own(ctx, endpoint_id)),
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
    async listDeliveries(ctx, { endpoint_id, limit = 50, cursor }) {
      await own(ctx, endpoint_id);
      return webhooks.deliveries(endpoint_id, { limit, cursor });
    },
    async resend(ctx, { endpoint_id, delivery_id }) {
      const { status } = await own(ctx, endpoint_id);
      if (status !== 'active') throw webhookErrors.NOT_ACTIVE();
      return webhooks.resend(endpoint_id, delivery_id, ctx.now);
    },
    sendDue: async (ctx) => ({ sent: await sendDue(ctx) }),
    enqueue: (_ctx, message) => webhooks.enqueue(message),
    async followRole(ctx, { user_id, role }) {
      if (role !== 'customer') return;
      for (const one of await webhooks.everyoneOf(user_id)) {
        await webhooks.save({ ...ctx, cause: undefined }, disable(one, 'its owner is no longer of the staff', ctx));
      }
    },
    forgetDeliveries: ({ now }) => webhooks.forget(new Date(Date.parse(now) - DELIVERIES_KEPT_MS).toISOString()),
  } satisfies Actions<typeof webhookOps> & WebhookInternalActions;

  async function own(ctx: Ctx, endpoint_id: number): Promise<EndpointState> {
    const found = await webhooks.get(endpoint_id);
    if (!maySee(ctx.actor, found)) throw webhookErrors.ENDPOINT_NOT_FOUND();
    return found;
  }

  async function sendDue(ctx: Ctx): Promise<number> {
    const taken = await webhooks.take(ctx.now, TAKEN_SECONDS);
    await Promise.all(
      taken.map(async (due) => {
        const attempt = await sending.attempt(due);
        await webhooks.attempted(due, attempt, outcomeOf(due, attempt, Math.random()));
        const reason = reasonToDisable(due.endpoint, attempt);
        if (reason) await disableOne(ctx, due.endpoint.endpoint_id, reason);
      }),
    );
    return taken.length;
  }

  async function disableOne(ctx: Ctx, endpoint_id: number, reason: string): Promise<void> {
    await retryOnConflict(async () => webhooks.save(ctx, disable(await webhooks.get(endpoint_id), reason, ctx)));
  }
}

const withSecret = (state: EndpointState) => ({ ...publicEndpoint(state), secret: state.secret });
