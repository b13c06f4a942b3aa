import type { Ctx } from '../contract.ts';
import { common, isError } from '../errors.ts';

/**
 * A condition that a request puts on what it changes (RFC 9110, 13): `If-Match` with the ETag of what the client has
 * read. It is checked before the action, and again by the save, between the load and the write: a save that then finds
 * the version that was loaded has changed what the client has read, and nothing newer. A context that is derived from
 * this one, as for the call of a peer, has no condition.
 */
type Check = () => Promise<void>;

const checks = new WeakMap<Ctx, Check>();

/** Sets the condition of a request. `check` throws PRECONDITION_FAILED when it does not hold. */
export function setPrecondition(ctx: Ctx, check: Check): void {
  checks.set(ctx, check);
}

export function hasPrecondition(ctx: Ctx): boolean {
  return checks.has(ctx);
}

/** Checks the condition of a request, if it has one. Throws PRECONDITION_FAILED. */
export async function checkPrecondition(ctx: Ctx): Promise<void> {
  await checks.get(ctx)?.();
}

/** To be called after the save: what the request changes next, it has made itself. */
export function endPrecondition(ctx: Ctx): void {
  checks.delete(ctx);
}

/** Runs an action under the condition of its request: what was changed meanwhile is PRECONDITION_FAILED, not STALE. */
export async function underPrecondition<T>(ctx: Ctx, action: () => Promise<T>): Promise<T> {
  await checkPrecondition(ctx);
  try {
    return await action();
  } catch (error) {
    throw isError(error, common.STALE) ? common.PRECONDITION_FAILED() : error;
  }
}
