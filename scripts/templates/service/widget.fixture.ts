import type { Ctx } from '../../../src/platform/contract/contract.ts';

export const NOW = '2026-11-21T09:30:00.000Z';

/** A context of user 2, a customer. */
export function at(now: string, more: Partial<Ctx> = {}): Ctx {
  const actor = { kind: 'user', id: 2, username: 'alice', role: 'customer' } as const;
  return Object.freeze({ actor, now, trace: '', requestId: 'r', ...more });
}
