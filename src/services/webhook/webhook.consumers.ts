import type { TSchema } from 'typebox';
import type { EventType } from '../../platform/contract/contract.ts';
import { type Consumer, on } from '../../platform/contract/events.ts';
import { userEvents } from '../user/user.contract.ts';
import { CATALOG } from './webhook.events.contract.ts';
import type { WebhookInternalActions } from './webhook.service.ts';

/** Every event of the catalogue is queued for the endpoints that want it. */
export const webhookConsumers: readonly Consumer<WebhookInternalActions>[] = [
  ...CATALOG.map(enqueue),
  on(userEvents.updated, 'follow_role', (webhook, ctx, { user_id }) => webhook.followRole(ctx, user_id)),
];

function enqueue(event: EventType): Consumer<WebhookInternalActions> {
  const name = `enqueue_${event.type.replace('.', '_')}`;
  return {
    ...on<WebhookInternalActions, TSchema>(event, name, (webhook, ctx, data, { id, type, time, data: text }) => {
      const { user_id } = data as { readonly user_id?: number };
      return webhook.enqueue(ctx, { event_id: id, type, time, data: text, user_id });
    }),
    concerns: (webhook, { type }) => webhook.mayWant(type),
  };
}
