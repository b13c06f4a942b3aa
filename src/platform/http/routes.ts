import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { codecOf } from '../codec.ts';
import type { Actor, ApiOf, Contract, Ctx, Op } from '../contract.ts';
import { common } from '../errors.ts';
import type { Log } from '../log.ts';
import { allow } from '../module.ts';
import { CTX_HEADER, type CtxSeal, type Tokens } from '../tokens.ts';
import { continueTrace } from '../trace.ts';
import { answer } from './answer.ts';
import { inputParts, routePath } from './route-shape.ts';

/** What the routes of a service stand on. */
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
  for (const [name, op] of Object.entries(contract.ops)) {
    if (op.access === 'internal' && !parts.seal) continue;
    const call = api[name] as (ctx: Ctx, input: object) => Promise<unknown>;
    for (const path of [op.path, ...(op.aliases ?? [])]) mountOne(app, contract, op, path, call, parts);
  }
}

function mountOne(
  app: FastifyInstance,
  contract: Contract,
  op: Op,
  path: string,
  call: (ctx: Ctx, input: object) => Promise<unknown>,
  parts: HttpParts,
): void {
  const { params, rest } = inputParts(op);
  const inBody = op.method !== 'GET' && op.method !== 'DELETE';
  const decode = codecOf(op.input).decode;
  app.route({
    method: op.method,
    url: routePath(op, path),
    schema: { params, [inBody ? 'body' : 'querystring']: rest },
    config: { operation: op.id },
    onRequest: (request, _reply, done) => identify(request, op, contract.name, parts, done),
    handler: async (request, reply) => {
      const { params, query, body } = request as { params: object; query: object; body: object };
      const input = decode(inBody ? { ...body, ...params } : { ...query, ...params }) as object;
      const ctx = contextOf(request, op, input);
      return answer(op, ctx, await call(ctx, input), request, reply);
    },
  });
}

// Before the body is read: nobody's megabyte is parsed for a request that is refused anyway. The guard asks again.
function identify(
  request: FastifyRequest,
  op: Op,
  service: string,
  { tokens, seal }: HttpParts,
  done: (error?: Error) => void,
): void {
  const take = (caller: Caller): void => {
    allow(op.access, caller);
    request.caller = caller;
    // What a request without a body leaves as it is.
    request.body = {};
  };
  const { authorization, [CTX_HEADER]: sealed } = request.headers;
  attempt(() => {
    if (seal && typeof sealed === 'string') return take(seal.open(sealed, service));
    const actor = op.access === 'public' ? ANONYMOUS : tokens.actor(authorization);
    return actor instanceof Promise ? actor.then((known) => take({ actor: known })) : take({ actor });
  }, done);
}

/** Calls back once: at once where nothing has to be waited for. */
function attempt(work: () => void | Promise<void>, done: (error?: Error) => void): void {
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

function contextOf({ caller, headers, id }: FastifyRequest, op: Op, input: object): Ctx {
  if ('now' in caller) return caller;
  const { actor } = caller;
  const ctx: Ctx = {
    actor,
    now: new Date().toISOString(),
    trace: continueTrace(headers.traceparent),
    requestId: id,
    request: op.idempotent ? requestKey(op, actor, headers['idempotency-key'], input) : undefined,
  };
  return Object.freeze(ctx);
}

const ANONYMOUS: Actor = Object.freeze({ kind: 'anonymous' });

function requestKey(op: Op, actor: Actor, header: string | string[] | undefined, input: object): Ctx['request'] {
  if (header === undefined) return undefined;
  if (typeof header !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(header)) throw common.BAD_KEY();
  const who = actor.kind === 'user' ? actor.id : actor.kind;
  const fingerprint = createHash('sha256')
    .update(JSON.stringify(openFields(op, input)))
    .digest('base64url');
  return { op: op.id, key: `${who} ${op.id} ${header}`, fingerprint };
}

// A hash of a password is worth guessing at, so fields that are only ever written stay out of the fingerprint.
function openFields(op: Op, input: object): object {
  const properties = op.input.properties as Record<string, { writeOnly?: boolean }>;
  return Object.fromEntries(
    Object.entries(input)
      .filter(([name]) => !properties[name]?.writeOnly)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
