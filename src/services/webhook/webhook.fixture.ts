import type { Ctx } from '../../platform/contract/contract.ts';
import { systemCtx } from '../../platform/contract/ctx.ts';

export const NOW = '2026-07-28T09:30:00.000Z';

/** A context of the platform itself at a moment. */
export function at(more: Partial<Ctx> = {}, now = NOW): Ctx {
  return Object.freeze({ ...systemCtx(now), ...more });
}
