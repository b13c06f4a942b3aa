import type { Actions } from '../../platform/app/actions.ts';
import { isStaff, maySee, self } from '../../platform/contract/actor.ts';
import type { Change, Ctx } from '../../platform/contract/contract.ts';
import { withId } from '../../platform/contract/ids.ts';
import type { WebhookImport } from './import/webhook.import.ts';
import type { Interest } from './interest/webhook.interest.ts';
import type { Sender } from './transport/webhook.sender.ts';
import { newSecret } from './transport/webhook.signature.ts';
import type { webhookOps } from './webhook.contract.ts';
import { webhookErrors } from './webhook.errors.contract.ts';
import { DEFAULT_TYPES } from './webhook.events.contract.ts';
import {
  createEndpoint,
  type EndpointState,
  enable,
  publicEndpoint,
  remove,
  rotate,
  updateEndpoint,
} from './webhook.model.ts';
import type { WebhookRepository } from './webhook.repository.ts';

/** Throws WEBHOOK_ENDPOINT_NOT_FOUND for another's endpoint, unless the actor is staff, as for one that does not exist. */
export type VisibleEndpoint = (ctx: Ctx, endpoint_id: number) => Promise<EndpointState>;

interface EndpointParts {
  readonly webhooks: WebhookRepository;
  readonly imported: Pick<WebhookImport, 'cut'>;
  readonly visible: VisibleEndpoint;
  readonly sender: Pick<Sender, 'fault'>;
  readonly interest: Pick<Interest, 'widening' | 'settled'>;
}

type EndpointActions =
  | 'createEndpoint'
  | 'listEndpoints'
  | 'getEndpoint'
  | 'updateEndpoint'
  | 'deleteEndpoint'
  | 'rotateSecret'
  | 'enableEndpoint';

/** Reads an endpoint that the actor may see, after what payment had has been imported. */
export function visibleEndpoint({ webhooks, imported }: Pick<EndpointParts, 'webhooks' | 'imported'>): VisibleEndpoint {
  return async function visible(ctx, endpoint_id) {
    await imported.cut();
    const found = await webhooks.get(endpoint_id);
    if (!maySee(ctx.actor, found)) throw webhookErrors.ENDPOINT_NOT_FOUND();
    return found;
  };
}

/** What owners do with their endpoints. */
export function endpointActions({ webhooks, imported, visible, sender, interest }: EndpointParts) {
  const widen = (ctx: Ctx, change: Change<EndpointState>) => interest.widening(() => webhooks.save(ctx, change));

  return {
    createEndpoint: {
      async execute(ctx, { url, types = [...DEFAULT_TYPES], everyone = false }) {
        await imported.cut();
        mustBeCallable(url);
        const facts = { user_id: self(ctx).id, url, types, everyone, secret: newSecret() };
        const save = (endpoint_id: number) =>
          widen(ctx, createEndpoint({ ...facts, endpoint_id }, isStaff(ctx.actor), ctx));
        return withId(webhooks.ids, save, ({ endpoint_id }) => endpoint_id);
      },
      async respond(_ctx, state: EndpointState) {
        await interest.settled();
        return withSecret(state);
      },
    },
    async listEndpoints(ctx, { all, limit = 50, cursor }) {
      await imported.cut();
      const user_id = all === true && isStaff(ctx.actor) ? undefined : self(ctx).id;
      const { items, next } = await webhooks.list({ user_id }, { limit, cursor });
      return { items: items.map(publicEndpoint), next };
    },
    getEndpoint: async (ctx, { endpoint_id }) => publicEndpoint(await visible(ctx, endpoint_id)),
    async updateEndpoint(ctx, { endpoint_id, url, types, everyone }) {
      const state = await visible(ctx, endpoint_id);
      mustBeCallable(url);
      const facts = { url, types, everyone: everyone ?? state.everyone };
      const updated = await widen(ctx, updateEndpoint(state, facts, isStaff(ctx.actor), ctx));
      await interest.settled();
      return publicEndpoint(updated);
    },
    async deleteEndpoint(ctx, { endpoint_id }) {
      await webhooks.save(ctx, remove(await visible(ctx, endpoint_id), ctx));
      return {};
    },
    async rotateSecret(ctx, { endpoint_id }) {
      return withSecret(await webhooks.save(ctx, rotate(await visible(ctx, endpoint_id), newSecret(), ctx)));
    },
    async enableEndpoint(ctx, { endpoint_id }) {
      const enabled = await widen(ctx, enable(await visible(ctx, endpoint_id), isStaff(ctx.actor), ctx));
      await interest.settled();
      return publicEndpoint(enabled);
    },
  } satisfies Pick<Actions<typeof webhookOps>, EndpointActions>;

  function mustBeCallable(url: string): void {
    const fault = sender.fault(url);
    if (fault) throw webhookErrors.BAD_URL({ reason: fault });
  }
}

const withSecret = (state: EndpointState) => ({ ...publicEndpoint(state), secret: state.secret });
