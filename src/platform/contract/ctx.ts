import { randomUUID } from 'node:crypto';
import { continueTrace } from '../observability/trace.ts';
import type { Ctx } from './contract.ts';

/** The context of the platform's own actions: jobs, samples, commands. */
export function systemCtx(now: string = new Date().toISOString()): Ctx {
  return Object.freeze({
    actor: { kind: 'system' as const },
    now,
    trace: continueTrace(undefined),
    requestId: randomUUID(),
  });
}
