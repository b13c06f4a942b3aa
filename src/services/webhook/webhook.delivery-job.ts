import type { Ctx } from '../../platform/contract/contract.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { Sender } from './transport/webhook.sender.ts';
import { disable, outcomeOf, reasonToDisable } from './webhook.model.ts';
import type { WebhookRepository } from './webhook.repository.ts';

/** How long what is taken is left to the one who took it: longer than an attempt lasts. */
const TAKEN_SECONDS = 60;

/** Makes one attempt for each delivery that is due, writes down what came of it, and returns how many there were. */
export async function sendDue(webhooks: WebhookRepository, sender: Sender, ctx: Ctx): Promise<number> {
  const taken = await webhooks.deliveries.take(ctx.now, TAKEN_SECONDS);
  await Promise.all(
    taken.map(async (due) => {
      const attempt = await sender.attempt(due);
      await webhooks.deliveries.recordAttempt(due, attempt, outcomeOf(due, attempt, Math.random()));
      const reason = reasonToDisable(due.endpoint, attempt);
      if (reason) await disableEndpoint(webhooks, ctx, due.endpoint.endpoint_id, reason);
    }),
  );
  return taken.length;
}

async function disableEndpoint(
  webhooks: WebhookRepository,
  ctx: Ctx,
  endpoint_id: number,
  reason: string,
): Promise<void> {
  await retryOnConflict(async () => webhooks.save(ctx, disable(await webhooks.get(endpoint_id), reason, ctx)));
}
