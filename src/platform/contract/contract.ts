import { type Static, type TObject, type TSchema, Type } from 'typebox';
import { MAX_AMOUNT, type Minor } from './money.ts';

/**
 * The elements of a contract. Everything here is data: the routes, the validation, the OpenAPI document, the guard,
 * the gateway and the client that calls a service in another process are all made from the same objects.
 */

/** Who acts. `system` is the platform itself: a consumer, a job, the seeding of samples. */
export type Actor =
  | { readonly kind: 'anonymous' }
  | {
      readonly kind: 'user';
      readonly id: number;
      readonly username: string;
      readonly role: Role;
      /** The session of the access token. */
      readonly session?: string;
    }
  | { readonly kind: 'system' };

export type Role = 'customer' | 'staff' | 'admin';

/** The handling of one event by one consumer; the inbox stores it, so that the effect happens once. */
export interface Cause {
  readonly consumer: string;
  readonly eventId: string;
}

/** A request that carries an Idempotency-Key: `key` is scoped to actor and operation. */
export interface RequestKey {
  /** The operation that was called. */
  readonly op: string;
  readonly key: string;
  readonly fingerprint: string;
  /** How earlier versions kept the same request, which may be repeated after an upgrade. */
  readonly earlier?: { readonly key: string; readonly fingerprint: string };
}

/**
 * The first argument of every action: frozen and serialisable. It takes the place of an injected clock, current
 * user, correlation id and de-duplication key, and never carries a transaction.
 */
export interface Ctx {
  readonly actor: Actor;
  /** RFC 3339 UTC, milliseconds. */
  readonly now: string;
  /** W3C traceparent. */
  readonly trace: string;
  readonly requestId: string;
  /** The service that calls, when the caller is a peer and not a client. */
  readonly via?: string;
  readonly cause?: Cause;
  readonly request?: RequestKey;
}

/** An event as a decision returns it; the platform adds the envelope. */
export interface EventOf<T extends string = string, D extends object = object> {
  readonly type: T;
  readonly subject: string;
  readonly data: D;
  /** What else it concerns, such as `order/17`: the timeline of that order is read by this. */
  readonly about?: string;
}

/** What a decision returns, and the only thing that `save` accepts. Without events nothing is saved. */
export interface Change<S, E extends EventOf = EventOf> {
  readonly next: S;
  readonly events: readonly E[];
}

/** A state that a repository stores: `version` is 0 before the first save and counts the saves. */
export interface Versioned {
  readonly version: number;
}

/** A Change without events: nothing is saved. */
export function unchanged<S>(state: S): Change<S, never> {
  return { next: state, events: [] };
}

/** How many bytes a body may have, unless its operation says more. */
export const MAX_BODY = 65_536;

export type Access = 'public' | 'customer' | 'staff' | 'admin' | 'internal';
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

interface OpSpec<I extends TObject, O extends TSchema> {
  /** Who may call it. `internal`: peers only, never through the gateway. */
  readonly access: Access;
  /** One flat object: names that the path has are path parameters, the rest is the body (the query for GET). */
  readonly input: I;
  readonly output: O;
  readonly summary: string;
  /** 201 for an operation that creates (200 when its result has `existing: true`: it existed already). */
  readonly status?: 200 | 201 | 204;
  /** More addresses of the same operation, with the same parameters. */
  readonly aliases?: readonly string[];
  /** The scope that an OAuth2 client needs; the paths under /api/v1 require it. */
  readonly scope?: string;
  /** A public operation that reads the caller from a token when there is one. */
  readonly tokenWelcome?: boolean;
  /** Answers 200 with the existing resource instead of creating it again. */
  readonly existing?: boolean;
  /** Its heading in the document, when that is not its service's. */
  readonly heading?: { readonly name: string; readonly summary: string };
  /** A body that is valid on a new system; a test sends it. */
  readonly example?: object;
  /**
   * The operation of this contract that reads what this one changes: `If-Match` is compared with the ETag of its answer,
   * before the action and again by the save. Its parameters are among those of this operation.
   */
  readonly changes?: string;
  /** Honours Idempotency-Key. */
  readonly idempotent?: boolean;
  /** The operation and its input that do the same as this input: an Idempotency-Key means one request at both. */
  sameAs?(input: Static<I>, actor: Actor): { readonly op: string; readonly input: object } | undefined;
  /** Fields of the body that may be sent in the query instead. */
  readonly alsoQuery?: readonly string[];
  /** The input is `{ body, signature }`: the raw body, byte for byte, and the header of this name. */
  readonly signedBy?: string;
  /** The maximum size of its body in bytes, where valid input exceeds 64 kB. */
  readonly maxBody?: number;
  /** The action returns an endless sequence of `output` values, which are sent as server-sent events. */
  readonly stream?: boolean;
}

export interface Op<I extends TObject = TObject, O extends TSchema = TSchema> extends OpSpec<I, O> {
  /** `order.place`; given by `contract`. */
  readonly id: string;
  readonly method: Method;
  /** With parameters as `{order_id}`. */
  readonly path: string;
}

/** Describes one operation: `op('POST /orders', { access: 'customer', input, output, summary })`. */
export function op<I extends TObject, O extends TSchema, S extends true | undefined = undefined>(
  address: `${Method} /${string}`,
  spec: OpSpec<I, O> & { readonly stream?: S },
): Op<I, O> & { readonly stream: S } {
  const [method, path] = address.split(' ') as [Method, string];
  return { id: '', method, path, ...spec, stream: spec.stream as S };
}

export type Ops = Record<string, Op>;

export type InputOf<O extends Op> = Static<O['input']>;
export type OutputOf<O extends Op> = O extends { readonly stream: true }
  ? AsyncIterable<Static<O['output']>>
  : Static<O['output']>;

/** The operations of a contract as an object, local or over HTTP. */
export type ApiOf<T extends Ops> = {
  readonly [K in keyof T]: (ctx: Ctx, input: InputOf<T[K]>) => Promise<OutputOf<T[K]>>;
};

/** A described event: its name on the wire and the schema of its payload. */
export interface EventType<T extends string = string, D extends TSchema = TSchema> {
  readonly type: T;
  readonly summary: string;
  readonly data: D;
}

/** Describes one event; `event.type` is the CloudEvents type. */
export function event<const T extends string, D extends TSchema>(
  type: T,
  summary: string,
  data: D,
): EventType<T, D> &
  ((subject: number | string, payload: Static<D>, about?: string) => EventOf<T, Static<D> & object>) {
  const make = (subject: number | string, payload: Static<D>, about?: string) => ({
    type,
    subject: String(subject),
    data: payload as Static<D> & object,
    ...(about !== undefined && { about }),
  });
  return Object.assign(make, { type, summary, data });
}

export interface Contract<N extends string = string, T extends Ops = Ops> {
  readonly name: N;
  readonly summary: string;
  /** The default port of the service when it runs on its own. */
  readonly port: number;
  /** The topic of its events: the plural of what it owns. */
  readonly topic: string;
  readonly ops: T;
  readonly events: Record<string, EventType>;
  readonly errors: Record<string, { readonly code: string; readonly kind: string; readonly remedy?: string }>;
  /** The file of example responses, by operation and status, recorded in a running shop; a test writes and compares it. */
  readonly answers?: URL;
}

/** Assembles a contract and names its operations. Throws when one changes what none of them reads. */
export function contract<const N extends string, T extends Ops>(given: Contract<N, T>): Contract<N, T> {
  for (const { path, changes } of Object.values(given.ops))
    if (changes !== undefined && given.ops[changes]?.method !== 'GET')
      throw new Error(`${path} changes '${changes}', which is no operation that reads`);
  const named = Object.entries(given.ops).map(([name, one]) => [name, { ...one, id: `${given.name}.${name}` }]);
  return { ...given, ops: Object.fromEntries(named) as T };
}

/** An id: a positive integer, safe in JSON. */
export const Id = () => Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER });

/** A point in time: RFC 3339 UTC. */
export const Time = () => Type.String({ format: 'date-time' });

/** An amount: minor units inside, a decimal with the digits of its currency in JSON (see `money.ts` and `codec.ts`). */
export const Money = (options: { minimum?: number; description?: string } = {}) =>
  Type.Unsafe<Minor>({ type: 'number', format: 'money', minimum: 0, maximum: MAX_AMOUNT, ...options });

/** An amount in a response: without the limit of a request. */
export const Amount = (description?: string) => Type.Unsafe<Minor>({ type: 'number', format: 'money', description });

/** One of these words. */
export const OneOf = <const T extends string[]>(...values: T) => Type.Enum<T>(values, { type: 'string' });

export const Currency = () =>
  Type.String({ pattern: '^[A-Z]{3}$', format: 'currency', description: 'a currency of ISO 4217, such as EUR' });

/** The parameters of every list. */
export const paging = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
  cursor: Type.Optional(Type.String({ maxLength: 200 })),
};

/** The page of a list to return. */
export interface PageRequest {
  readonly limit: number;
  /** Opaque; of the page before. */
  readonly cursor?: string;
}

/** A page of a list: sent as a bare array, with the next page in the Link header. */
export const PageOf = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), next: Type.Optional(Type.String()) }, { page: true });

export interface Page<T> {
  items: T[];
  next?: string;
}

/**
 * A file: its bytes are sent unchanged, with its name and `type`, one of the media types given here. `content` is the
 * bytes in base64.
 */
export const Download = <const T extends readonly [string, ...string[]]>(...types: T) =>
  Type.Object(
    {
      filename: Type.String(),
      type: Type.Unsafe<T[number]>({ type: 'string', enum: types }),
      content: Type.String(),
    },
    { download: true },
  );

/** A file as an action returns it. */
export interface Downloaded {
  filename: string;
  type: string;
  content: string;
}

export const Nothing = () => Type.Object({});
