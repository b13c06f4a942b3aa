import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Tokens } from '../auth/tokens.ts';
import { withDeadLetters } from '../bus/dead-letters/dead-letters.ts';
import type { Config } from '../config/config.ts';
import type { Access, ApiOf, Contract, Ctx, InputOf, Op, Ops, OutputOf } from '../contract/contract.ts';
import { DuplicateRequest } from '../contract/duplicates.ts';
import { common } from '../contract/errors.ts';
import type { Consumer } from '../contract/events.ts';
import type { ClickHouseStore } from '../db/clickhouse/store/store.ts';
import type { PostgresStore, StoredResponse } from '../db/postgres/store/store.ts';
import type { CopiedTables } from '../db/transfer/portable.ts';
import type { RemoteService } from '../http/remote-service.ts';
import type { Log } from '../observability/log.ts';
import type { Job } from './jobs.ts';

/** What a module may use of the platform beside its store and its peers. */
export interface Tools {
  readonly config: Config;
  readonly log: Log;
  readonly tokens: Tokens;
}

/** What a service factory is given. `T` names the tools that it uses. */
export interface ServiceParts<R, P = object, T extends keyof Tools = keyof Tools> {
  /** How its state is kept; undefined for a service that keeps nothing. */
  readonly repository: R;
  /** The services that the container hands over, here or elsewhere. */
  readonly peers: P;
  readonly tools: Pick<Tools, T>;
}

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

/** A service as its own consumers and jobs see it: its operations behind their guard, and its internal actions. */
export type OwnService<C extends Contract, S> = ApiOf<C['ops']> & Omit<S, keyof C['ops']>;

/** What a service can keep its things in. */
export interface Stores<R> {
  readonly postgres: {
    open(store: PostgresStore, tools: Tools): R;
    /** What it keeps, for `tradepost db copy`: given on both, a service can be moved from one to the other. */
    readonly copy?: CopiedTables['postgres'];
  };
  readonly clickhouse?: {
    open(store: ClickHouseStore, tools: Tools): R;
    readonly copy?: CopiedTables['clickhouse'];
    /** The table whose rows carry its events; absent for a service that announces nothing. */
    readonly events?: string;
  };
}

/** What routes that are no operations stand on. `A` is the service. */
export interface RouteParts<A = unknown> {
  readonly app: FastifyInstance;
  /** The service as its consumers see it. */
  readonly service: A;
  /**
   * The context of a request, as an operation with this access would get it: its token is in the Authorization header
   * or, since a browser's socket sends none, in the query. Throws UNAUTHENTICATED or FORBIDDEN.
   */
  identify(request: FastifyRequest, access: Access): Promise<Ctx>;
  /** The services that run elsewhere. */
  readonly remotes: readonly RemoteService[];
}

/** One service, named for the container: all that it may bring. */
export interface Module<C extends Contract, R, P, S extends Actions<C['ops']>> {
  readonly contract: C;
  /** Absent when the service keeps nothing: it then needs no database. */
  readonly stores?: Stores<R>;
  readonly service: (parts: ServiceParts<R, P>) => S;
  /** The service that issues access tokens names the path of its public keys. */
  readonly jwksPath?: string;
  /** Runs once after the migrations and before the first request. */
  readonly start?: (service: NoInfer<OwnService<C, S>>, ctx: Ctx) => Promise<unknown>;
  /** What it listens to, one line an event (see `events.ts`). Only a service that keeps something can. */
  readonly consumers?: readonly Consumer<NoInfer<OwnService<C, S>>>[];
  /** What it does by itself, one line each (see `jobs.ts`). */
  readonly jobs?: readonly Job<NoInfer<OwnService<C, S>>>[];
  /** The one door: where it runs, every service of the process answers at its port. */
  readonly edge?: boolean;
  /** Routes that are no operations: proxies, sockets, uploads. */
  readonly routes?: (parts: RouteParts<NoInfer<OwnService<C, S>>>) => void;
}

/** A module whose types have been checked where it was defined. */
export type AnyModule = Module<Contract, unknown, object, Actions<Ops>>;

/** Names a module; the types of its parts must fit together. */
export function defineService<C extends Contract, R, P, S extends Actions<C['ops']>>(
  module: Module<C, R, P, S>,
): Module<C, R, P, S> {
  return hasDeadLetters(module) ? { ...module, contract: withDeadLetters(module.contract) } : module;
}

/** What `tradepost db copy` brings from one store to the other; undefined for a service that cannot be moved. */
export function copiedTables(stores: Stores<unknown> | undefined): CopiedTables | undefined {
  const [postgres, clickhouse] = [stores?.postgres.copy, stores?.clickhouse?.copy];
  return postgres && clickhouse && { postgres, clickhouse };
}

interface Described {
  readonly contract: Contract;
  readonly stores?: unknown;
  readonly consumers?: unknown;
}

/** Whether a service may have events that were given up: those that it cannot handle, or that no bus takes. */
export function hasDeadLetters({ contract, stores, consumers }: Described): boolean {
  return stores !== undefined && (consumers !== undefined || Object.keys(contract.events).length > 0);
}

/**
 * Connects a module with its peers. When the service runs here, the answer is the guarded service; when it runs
 * elsewhere, a client made from the same contract. A peer is a value, so a cycle of calls does not compile.
 */
export type Wire = <C extends Contract, R, P extends object, S extends Actions<C['ops']>>(
  module: Module<C, R, P, S>,
  peers: P,
) => ApiOf<C['ops']>;

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
  const attempt = async (ctx: Ctx, input: object) => respond(ctx, await execute(ctx, input), input, false);

  async function repeat(ctx: Ctx, input: object): Promise<{ answer: unknown } | undefined> {
    const kept = ctx.request && (await findAnswer(ctx.request.key));
    if (!kept) return undefined;
    if (kept.fingerprint !== ctx.request?.fingerprint) throw common.KEY_REUSED();
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
      if ((error as { code?: string }).code === common.KEY_REUSED.code) throw error;
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
