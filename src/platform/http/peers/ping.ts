import { Type } from 'typebox';
import { type Ctx, type Op, op, Time } from '../../contract/contract.ts';
import { AppError } from '../../contract/errors.ts';
import { CHECK_MS, Degraded, Down, type HealthCheck, sharedCheck } from '../../observability/health.ts';
import { continueTrace } from '../../observability/trace.ts';

/** How long a peer may take to answer a ping: a little less than the check that waits for it. */
export const PING_MS = CHECK_MS - 100;
/** A third of what a seal allows, so that a clock skew is reported before calls are refused. */
const MAX_SKEW_MS = 10_000;

const PingResponse = Type.Object({ service: Type.String(), now: Time() });

/** The ping of a service: it answers, accepts calls between processes, and returns its time. */
export function pingOp(service: string): Op {
  const address = `GET /internal/${service}/ping` as const;
  const summary = 'Says to another process that its calls are taken, and what time it is';
  return {
    ...op(address, { access: 'internal', summary, input: Type.Object({}), output: PingResponse }),
    id: `${service}.ping`,
  };
}

/** The result of a ping. */
export const answerPing = async (service: string): Promise<{ service: string; now: string }> => ({
  service,
  now: new Date().toISOString(),
});

/**
 * Checks whether a service in another process accepts calls of `caller`. The check throws `Down` when it does not (its
 * secret or its clock differs, for example), and `Degraded` when the clocks differ and calls are still accepted.
 */
export function pingCheck(service: string, caller: string, ping: (ctx: Ctx) => Promise<unknown>): HealthCheck {
  const check = async (): Promise<void> => {
    const began = Date.now();
    const now = await ping(contextOf(caller)).then(timeIn, (error: unknown) => {
      throw new Down(sentenceFor(service, error));
    });
    const skew = Math.abs(now - (began + Date.now()) / 2);
    if (skew > MAX_SKEW_MS) throw new Degraded(`its clock differs from ours by ${Math.round(skew / 1_000)} s: ${NTP}`);
  };
  // Without a peer, a service still does what needs no peer.
  return Object.assign(sharedCheck(check), { watched: true });
}

const NTP = 'calls are refused from 30 s on; let both follow the same time server (NTP)';

const timeIn = (answer: unknown): number => Date.parse((answer as { now: string }).now);

const contextOf = (me: string): Ctx =>
  Object.freeze({
    actor: { kind: 'system' as const },
    now: new Date().toISOString(),
    trace: continueTrace(undefined),
    requestId: `ping-${me}`,
    via: me,
  });

// The sentence begins with the name of the service, which is the name of the check.
function sentenceFor(service: string, error: unknown): string {
  const { cause } = error as { cause?: unknown };
  if (!(error instanceof AppError) || !(cause instanceof Error)) return 'does not answer our calls';
  return cause.message.startsWith(`${service} `) ? cause.message.slice(service.length + 1) : cause.message;
}
