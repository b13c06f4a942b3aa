import { randomUUID } from 'node:crypto';
import { continueTrace } from '../observability/trace.ts';
import type { Actor, Ctx } from './contract.ts';

/** The platform itself, as an actor. */
export const SYSTEM: Actor = Object.freeze({ kind: 'system' });

let latestTime = 0;
let latestText = '';

/** The present moment in RFC 3339, UTC. Much happens in the same millisecond, for which it is written once. */
export function textOfNow(): string {
  const time = Date.now();
  if (time !== latestTime) latestText = new Date(time).toISOString();
  latestTime = time;
  return latestText;
}

/** The context of the platform's own actions: jobs, samples, commands. */
export function systemCtx(now: string = textOfNow()): Ctx {
  return Object.freeze({
    actor: SYSTEM,
    now,
    trace: continueTrace(undefined),
    requestId: randomUUID(),
  });
}
