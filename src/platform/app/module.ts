import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Tokens } from '../auth/tokens.ts';
import { withDeadLetters } from '../bus/dead-letters/dead-letters.ts';
import type { Config } from '../config/config.ts';
import type { Settings } from '../config/setting-kinds.ts';
import type { Access, ApiOf, Contract, Ctx, Ops } from '../contract/contract.ts';
import type { Consumer } from '../contract/events.ts';
import type { ClickHouseStore } from '../db/clickhouse/store/store.ts';
import type { PostgresStore } from '../db/postgres/store/store.ts';
import type { CopiedTables } from '../db/transfer/portable.ts';
import type { RemoteService } from '../http/remote-service.ts';
import type { Log } from '../observability/log.ts';
import type { Actions } from './actions.ts';
import type { Job } from './jobs.ts';

/** What a module may use of the platform beside its store and its peers. */
export interface Tools {
  readonly config: Config;
  readonly log: Log;
  readonly tokens: Tokens;
  /** Words that no account may have as its name: those of the paths of the whole system. */
  readonly reservedNames: readonly string[];
}

/** What a service factory is given. `T` names the tools that it uses. */
export interface ServiceParts<R, P = object, T extends keyof Tools = keyof Tools> {
  /** How its state is kept; undefined for a service that keeps nothing. */
  readonly repository: R;
  /** The services that the container hands over, here or elsewhere. */
  readonly peers: P;
  readonly tools: Pick<Tools, T>;
}

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
  /** What it alone reads of the environment; the service reads it with `config.valuesOf`. */
  readonly settings?: Settings;
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
