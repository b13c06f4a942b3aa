import type { FastifyInstance, FastifyRequest } from 'fastify';
import { allow } from '../app/guard.ts';
import type { RouteParts } from '../app/module.ts';
import { CTX_HEADER, type CtxSeal } from '../auth/seal.ts';
import type { Tokens } from '../auth/tokens.ts';
import { codecOf, toJson } from '../contract/codec.ts';
import {
  type Actor,
  type ApiOf,
  type Contract,
  type Ctx,
  MAX_BODY,
  type Op,
  type Ops,
  type Page,
} from '../contract/contract.ts';
import { textOfNow } from '../contract/ctx.ts';
import type { Log } from '../observability/log.ts';
import { continueTrace } from '../observability/trace.ts';
import { answer } from './answer.ts';
import { conditionsOf, hasEtag, type TakeConditions } from './conditional/conditions.ts';
import type { Passport } from './passport.ts';
import { answerPing, pingOp } from './peers/ping.ts';
import { takeSignedBodies } from './protocol/raw-body.ts';
import { cursorsOf } from './requests/cursors.ts';
import { requestKey } from './requests/request-key.ts';
import { inputParts, mustFitPath, routePath } from './route-shape.ts';
import { answerStream, answerStreamHead, type OpenStreams, openStreams } from './sse/sse.ts';

/** What the routes of a service need. */
export interface HttpParts {
  readonly log: Log;
  readonly tokens: Tokens;
  /** Present when services run in several processes. */
  readonly seal: CtxSeal | undefined;
}

/** Who sent a request: a client by its token, or a peer with the whole context of its call. */
type Caller = { readonly actor: Actor; readonly via?: string } | Ctx;

declare module 'fastify' {
  interface FastifyContextConfig {
    operation?: string;
  }
  interface FastifyRequest {
    caller: Caller;
  }
}

/** Mounts the operations of a contract. Internal ones only where calls between processes are sealed. */
export function mount<C extends Contract>(
  app: FastifyInstance,
  contract: C,
  api: ApiOf<C['ops']>,
  parts: HttpParts,
): void {
  const streams = Object.values(contract.ops).some((op) => op.stream) ? openStreams(app) : undefined;
  const passport = passportWhenAsked(parts.tokens);
  // A service without operations, such as the gateway, is never called, so it needs no ping.
  if (parts.seal && Object.keys(contract.ops).length > 0) {
    const op = pingOp(contract.name);
    const call = () => answerPing(contract.name);
    mountOne(app, contract, op, op.path, call, { ...parts, streams: undefined, passport: undefined });
  }
  for (const [name, op] of Object.entries(contract.ops)) {
    if (op.access === 'internal' && !parts.seal) continue;
    const call = api[name] as (ctx: Ctx, input: object) => Promise<unknown>;
    const conditions = conditionsOf(contract, op, api as ApiOf<Ops>);
    const mountOn = (scope: FastifyInstance): void => {
      for (const path of [op.path, ...(op.aliases ?? [])])
        mountOne(scope, contract, op, path, call, {
          ...parts,
          streams,
          conditions,
          passport: asksScope(op, path) ? passport : undefined,
        });
    };
    const { signedBy } = op;
    if (signedBy === undefined) mountOn(app);
    else
      void app.register(async (scope) => {
        takeSignedBodies(scope, signedBy);
        mountOn(scope);
      });
  }
}

/** Identifies the caller of a route that is not an operation. */
export function identifier(service: string, parts: HttpParts): RouteParts['identify'] {
  return async (request, access) => {
    takeTokenOfQuery(request);
    request.caller = await callerOf(request, { access, tokenWelcome: true }, service, parts);
    return contextOf(request);
  };
}

/** Paths for OAuth2 clients: Passport.js authenticates the caller, and the operation names the scope that it needs. */
const CLIENT_PREFIX = '/api/v1/';
const asksScope = (op: Op, path: string): boolean => op.scope !== undefined && path.startsWith(CLIENT_PREFIX);

// Loaded at the first call of such a path: most systems have none.
function passportWhenAsked(tokens: Tokens): Passport {
  let loaded: Promise<Passport> | undefined;
  return async (request, scope) => {
    loaded ??= import('./passport.ts').then(({ passportOver }) => passportOver(tokens));
    return (await loaded)(request, scope);
  };
}

interface RouteOptions extends HttpParts {
  readonly streams: OpenStreams | undefined;
  readonly passport: Passport | undefined;
  readonly conditions?: TakeConditions | undefined;
}

function mountOne(
  app: FastifyInstance,
  contract: Contract,
  op: Op,
  path: string,
  call: (ctx: Ctx, input: object) => Promise<unknown>,
  parts: RouteOptions,
): void {
  const { params, rest, body: bodyShape, alsoQuery } = inputParts(op);
  const inBody = op.method !== 'GET' && op.method !== 'DELETE';
  const decode = codecOf(op.input).decode;
  const tagged = hasEtag(contract, op);
  const cursors = cursorsOf(op);
  app.route({
    method: op.method,
    url: routePath(op, path),
    schema: inBody
      ? { params, body: bodyShape, ...(alsoQuery && { querystring: alsoQuery }) }
      : { params, querystring: rest },
    config: { operation: op.id },
    bodyLimit: op.maxBody ?? MAX_BODY,
    exposeHeadRoute: true,
    onRequest: (request, _reply, done) => identify(request, op, contract.name, parts, done),
    handler: async (request, reply) => {
      const { params, query, body } = request as { params: object; query: object; body: object };
      if (inBody) mustFitPath(body, params);
      const input = decode({ ...((!inBody || alsoQuery) && query), ...(inBody && body), ...params }) as object;
      const ctx = contextOf(request, op, input);
      parts.conditions?.(ctx, request.headers, input);
      // A peer gets the same cursors as from a service in its own process.
      const marked = 'now' in request.caller ? undefined : cursors;
      const found = await call(ctx, marked ? marked.read(input) : input);
      const result = marked ? marked.mark(found as Page<unknown>, input) : found;
      if (!parts.streams || !op.stream) return answer({ op, tagged }, ctx, result, request, reply);
      if (request.method === 'HEAD') return answerStreamHead(result as AsyncIterable<unknown>, reply);
      const options = {
        encode: (value: unknown): string => toJson(op.output, value),
        stillAllowed: () => callerOf(request, op, contract.name, parts),
        onError: (err: unknown) =>
          parts.log.error({ err, request_id: request.id, operation: op.id }, 'a stream ended with an error'),
      };
      return answerStream(result as AsyncIterable<unknown>, options, reply, parts.streams);
    },
  });
}

// Authenticate before the body is read, so that no body is parsed for a request that is refused. The guard checks again.
function identify(
  request: FastifyRequest,
  op: Op,
  service: string,
  parts: HttpParts & { readonly passport?: Passport },
  done: (error?: Error) => void,
): void {
  const take = (caller: Caller): void => {
    request.caller = caller;
    // The body of a request without one.
    request.body = {};
  };
  callBack(() => {
    if (op.stream) takeTokenOfQuery(request);
    const caller = callerOf(request, op, service, parts);
    return caller instanceof Promise ? caller.then(take) : take(caller);
  }, done);
}

/** The caller. Throws UNAUTHENTICATED or FORBIDDEN when it may not use the operation. */
function callerOf(
  request: FastifyRequest,
  op: Pick<Op, 'access' | 'scope' | 'tokenWelcome'>,
  service: string,
  { tokens, seal, passport }: HttpParts & { readonly passport?: Passport },
): Caller | Promise<Caller> {
  const { headers, caller } = request;
  const allowed = (found: Caller): Caller => {
    allow(op.access, found);
    return found;
  };
  // A sealed context is valid for one request and 30 s; a stream that it opened may continue.
  if (caller && 'now' in caller) return caller;
  const sealed = headers[CTX_HEADER];
  if (seal && typeof sealed === 'string') return allowed(seal.open(sealed, service));
  if (passport && op.scope) return passport(request, op.scope).then((actor) => allowed({ actor }));
  const isAnonymous = op.access === 'public' && !op.tokenWelcome;
  const actor = isAnonymous ? ANONYMOUS : tokens.actor(headers.authorization);
  return actor instanceof Promise ? actor.then((known) => allowed({ actor: known })) : allowed({ actor });
}

// A browser's EventSource sends no headers, so a stream takes the token as a parameter too (RFC 6750). The log
// prints no queries.
function takeTokenOfQuery(request: FastifyRequest): void {
  const { access_token, ...query } = request.query as { access_token?: unknown };
  request.query = query;
  if (typeof access_token === 'string') request.headers.authorization ??= `Bearer ${access_token}`;
}

/** Runs `work` and calls back once, synchronously when `work` is synchronous. */
function callBack(work: () => void | Promise<void>, done: (error?: Error) => void): void {
  let waiting: void | Promise<void>;
  try {
    waiting = work();
  } catch (error) {
    done(error as Error);
    return;
  }
  if (waiting instanceof Promise) waiting.then(() => done(), done);
  else done();
}

function contextOf({ caller, headers, id }: FastifyRequest, op?: Op, input: object = {}): Ctx {
  if ('now' in caller) return caller;
  const { actor } = caller;
  const ctx: Ctx = {
    actor,
    now: textOfNow(),
    trace: continueTrace(headers.traceparent),
    requestId: id,
    request: op?.idempotent ? requestKey(op, actor, headers['idempotency-key'], input) : undefined,
  };
  return Object.freeze(ctx);
}

const ANONYMOUS: Actor = Object.freeze({ kind: 'anonymous' });
