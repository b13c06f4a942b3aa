import type { Ctx, InputOf, Op, Ops, OutputOf } from '../contract/contract.ts';

/** An action whose answer is more than the state it saved: on a repeated request only `answer` runs again. */
export interface TwoStepAction<I, S, O> {
  execute(ctx: Ctx, input: I): Promise<S>;
  respond(ctx: Ctx, state: S, input: I, repeated: boolean): Promise<O> | O;
}

// The state in between is the action's own affair: each may have another.
type Action<O extends Op> =
  | ((ctx: Ctx, input: InputOf<O>) => Promise<OutputOf<O>>)
  | {
      execute(ctx: Ctx, input: InputOf<O>): Promise<unknown>;
      respond(ctx: Ctx, state: never, input: InputOf<O>, repeated: boolean): Promise<OutputOf<O>> | OutputOf<O>;
    };

/**
 * What a service factory returns: one action for every operation of its contract. What it returns beside them are
 * its internal actions: no request and no other service reaches them, only its own consumers, jobs and start.
 */
export type Actions<T extends Ops> = { readonly [K in keyof T]: Action<T[K]> };
