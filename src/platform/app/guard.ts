import type { Access, ApiOf, Contract, Ctx, Op, Ops, RequestKey } from '../contract/contract.ts';
import { DuplicateRequest } from '../contract/duplicates.ts';
import { common, isError } from '../contract/errors.ts';
import { hasPrecondition, underPrecondition } from '../contract/requests/precondition.ts';
import type { StoredResponse } from '../db/stored-response.ts';
import type { Actions, TwoStepAction } from './actions.ts';

/** Marks contexts whose answer is a repetition, for the `Idempotent-Replayed` header. */
const replayed = new WeakSet<Ctx>();

/** Whether the last answer under this context was the one of an earlier request. */
export function wasReplayed(ctx: Ctx): boolean {
  return replayed.has(ctx);
}

/**
 * The guard around a service: the access rule of each operation, and its Idempotency-Key. Calls over HTTP and
 * calls from a peer in the same process pass the same one.
 */
export function guard<C extends Contract>(
  contract: C,
  actions: Actions<C['ops']>,
  findAnswer: (key: string) => Promise<StoredResponse | undefined>,
): ApiOf<C['ops']> {
  const guarded = Object.entries(contract.ops).map(([name, op]) => {
    const action = actions[name] as
      | TwoStepAction<object, unknown, unknown>
      | TwoStepAction<object, unknown, unknown>['execute'];
    const whole = typeof action === 'function' ? { execute: action, respond: sameState } : action;
    return [name, guardOne(op, whole, findAnswer)];
  });
  return Object.fromEntries(guarded) as ApiOf<C['ops']>;
}

const sameState = (_ctx: Ctx, state: unknown): unknown => state;

function guardOne(
  op: Op,
  { execute, respond }: TwoStepAction<object, unknown, unknown>,
  findAnswer: (key: string) => Promise<StoredResponse | undefined>,
): (ctx: Ctx, input: object) => Promise<unknown> {
  const both =
    respond === sameState
      ? execute
      : async (ctx: Ctx, input: object) => respond(ctx, await execute(ctx, input), input, false);
  const attempt = (ctx: Ctx, input: object) =>
    hasPrecondition(ctx) ? underPrecondition(ctx, () => both(ctx, input)) : both(ctx, input);

  async function findKept({ key, fingerprint, earlier }: RequestKey): Promise<StoredResponse | undefined> {
    const kept = await findAnswer(key);
    if (kept && kept.fingerprint !== fingerprint && kept.fingerprint !== earlier?.fingerprint)
      throw common.KEY_REUSED();
    if (kept || !earlier || earlier.key === key) return kept;
    const before = await findAnswer(earlier.key);
    return before?.fingerprint === earlier.fingerprint ? before : undefined;
  }

  async function repeat(ctx: Ctx, input: object): Promise<{ answer: unknown } | undefined> {
    const kept = ctx.request && (await findKept(ctx.request));
    if (!kept) return undefined;
    replayed.add(ctx);
    return { answer: await respond(ctx, kept.result, input, true) };
  }

  const underWay = new Map<string, Promise<unknown>>();

  async function first(ctx: Ctx, input: object): Promise<unknown> {
    try {
      return await attempt(ctx, input);
    } catch (error) {
      // The same request was faster, here or in another process, and may have taken what was missing to this one.
      const meanwhile = error instanceof DuplicateRequest ? await repeat(ctx, input) : await faster(ctx, input);
      if (meanwhile) return meanwhile.answer;
      throw error;
    }
  }

  const faster = (ctx: Ctx, input: object) =>
    repeat(ctx, input).catch((error: unknown) => {
      if (isError(error, common.KEY_REUSED)) throw error;
      return undefined;
    });

  return async (ctx, input) => {
    allow(op.access, ctx);
    if (ctx.request === undefined) return attempt(ctx, input);
    // A key belongs to the operation that the client called, not to what that operation calls in turn.
    if (ctx.request.op !== op.id) return attempt(Object.freeze({ ...ctx, request: undefined }), input);
    const { key } = ctx.request;
    for (;;) {
      const before = await repeat(ctx, input);
      if (before) return before.answer;
      const ahead = underWay.get(key);
      if (!ahead) break;
      await ahead;
    }
    const answered = first(ctx, input).finally(() => underWay.delete(key));
    underWay.set(
      key,
      answered.catch(() => undefined),
    );
    return answered;
  };
}

const RANK = { customer: 1, staff: 2, admin: 3 } as const;

/** The access rule. Throws UNAUTHENTICATED or FORBIDDEN. */
export function allow(access: Access, { actor, via }: Pick<Ctx, 'actor' | 'via'>): void {
  if (access === 'public' || actor.kind === 'system') return;
  if (access === 'internal') {
    if (via === undefined) throw common.FORBIDDEN();
    return;
  }
  if (actor.kind === 'anonymous') throw common.UNAUTHENTICATED();
  if (RANK[actor.role] < RANK[access]) throw common.FORBIDDEN();
}

/** A service as its own consumers and jobs see it: an operation means the one behind the guard, the rest as it is. */
export function ownService<S extends object>(service: S, api: ApiOf<Ops>): ApiOf<Ops> {
  return Object.assign({ ...service }, api);
}

/** The same service as `caller` sees it: its calls say who calls. */
export function asPeer<A extends object>(caller: string, api: A): A {
  const calls = Object.entries(api as Record<string, (ctx: Ctx, input: unknown) => Promise<unknown>>).map(
    ([name, call]) => [name, (ctx: Ctx, input: unknown) => call(Object.freeze({ ...ctx, via: caller }), input)],
  );
  return Object.fromEntries(calls) as A;
}
