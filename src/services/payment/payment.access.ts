import { isStaff, maySee, self } from '../../platform/contract/actor.ts';
import type { Ctx } from '../../platform/contract/contract.ts';
import { paymentErrors } from './payment.contract.ts';

/** Whose transactions are paid: one's own, for staff anybody's. Throws PAYMENT_NOT_FOUND when a customer names another. */
export function payerOf(ctx: Ctx, user_id: number | undefined): number {
  const owner = user_id ?? self(ctx).id;
  if (!maySee(ctx.actor, { user_id: owner })) throw paymentErrors.NOT_FOUND();
  return owner;
}

/**
 * Whose transactions or credit notes a list shows: one's own, for staff anybody's, and undefined for everybody's. Throws
 * PAYMENT_NOT_FOUND when a customer names another.
 */
export function listedOwner(ctx: Ctx, user_id: number | undefined, all: boolean | undefined): number | undefined {
  if (user_id !== undefined) return payerOf(ctx, user_id);
  return all === true && isStaff(ctx.actor) ? undefined : self(ctx).id;
}
