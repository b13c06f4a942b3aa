import type { ApiOf, Ctx } from '../../platform/contract/contract.ts';
import { AppError } from '../../platform/contract/errors.ts';
import { retryOnConflict } from '../../platform/contract/retry-on-conflict.ts';
import type { userOps } from '../user/user.contract.ts';
import { disable, isForStaff } from './webhook.model.ts';
import type { WebhookRepository } from './webhook.repository.ts';

interface RoleParts {
  readonly webhooks: WebhookRepository;
  readonly user: Pick<ApiOf<typeof userOps>, 'get'>;
}

/** Disables the endpoints for staff of a user who is not staff any more: the role is read again, not taken from an event. */
export function roleFollower({ webhooks, user }: RoleParts): (ctx: Ctx, user_id: number) => Promise<void> {
  return async function followRole(ctx, user_id) {
    const found = (await webhooks.activeOf(user_id)).filter(isForStaff);
    if (found.length === 0 || (await isUserStaff(ctx, user_id))) return;
    // One event disables several endpoints: its mark belongs to none of them, and a repeated event finds none active.
    const unmarked = { ...ctx, cause: undefined };
    for (const { endpoint_id } of found) {
      await retryOnConflict(async () => {
        const state = await webhooks.get(endpoint_id);
        await webhooks.save(unmarked, disable(state, 'its owner is no longer of the staff', ctx));
      });
    }
  };

  async function isUserStaff(ctx: Ctx, user_id: number): Promise<boolean> {
    try {
      const { role } = await user.get(ctx, { user_id });
      return role !== 'customer';
    } catch (error) {
      if (error instanceof AppError && error.kind === 'not_found') return false;
      throw error;
    }
  }
}
