import { createHash, randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { codecOf, toJson } from './codec.ts';
import type { Actor, ApiOf, Contract, Ctx, Op, Page } from './contract.ts';
import { AppError, common, invalid } from './errors.ts';
import type { Log } from './log.ts';
import { countFailure, observeRequest } from './metrics.ts';
import { allow, wasReplayed } from './module.ts';
import { expected, problemOf } from './problem.ts';
import { inputParts, routePath } from './route-shape.ts';
import { CTX_HEADER, type CtxSeal, type Tokens } from './tokens.ts';
import { continueTrace } from './trace.ts';
import { validatorFor } from './validation.ts';

/** HTTP: operations become routes, thrown errors become problem documents. Nothing else knows Fastify. */
export interface HttpParts {
  readonly log: Log;
  readonly tokens: Tokens;
  /** Present when services run in several processes. */
  readonly seal: CtxSeal | undefined;
}

export const BODY_LIMIT = 1_048_576;
const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;
const SLOW_SECONDS = 1;

/** A server without routes of its own: parsing, ids, logging, errors. */
export function createServer({ log }: Pick<HttpParts, 'log'>): FastifyInstance {
  const app = Fastify({
    bodyLimit: BODY_LIMIT,
    logger: false,
    // The drain: connections that idle are closed, requests on their way are answered.
    forceCloseConnections: 'idle',
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 256 },
    requestIdHeader: false,
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
    frameworkErrors: (error, request, reply) => answerError(error, request, reply as FastifyReply, log),
    clientErrorHandler: answerGarbage,
    // A request that is here when the drain begins is answered as any other; its connection ends with it.
    return503OnClosing: false,
  });
  app.setValidatorCompiler(({ schema, httpPart }) => validatorFor(schema as object, httpPart));
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, log));
  app.setNotFoundHandler((request, reply) => answerError(common.NOT_FOUND(), request, reply, log));
  acceptEmptyJson(app);
  app.decorateRequest('caller');
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  app.addHook('onResponse', (request, reply, done) => {
    const seconds = reply.elapsedTime / 1000;
    observeRequest(request.routeOptions.config.operation ?? 'other', reply.statusCode, seconds);
    if (log.isLevelEnabled('info')) logRequest(log, request, reply, seconds);
    done();
  });
  return app;
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

function logRequest(log: Log, request: FastifyRequest, reply: FastifyReply, seconds: number): void {
  const line = {
    request_id: request.id,
    method: request.method,
    path: request.url.split('?')[0],
    status: reply.statusCode,
    ms: Math.round(seconds * 10_000) / 10,
  };
  if (seconds > SLOW_SECONDS) log.warn(line, 'slow request');
  else log.info(line, 'request');
}

// `curl -X POST -H 'Content-Type: application/json'` without a body is a request without fields, not a fault.
function acceptEmptyJson(app: FastifyInstance): void {
  app.removeContentTypeParser('text/plain');
  const parse = app.getDefaultJsonParser('error', 'error');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else void parse(request, body as string, done);
  });
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const known = expected(error);
  if (!known) {
    countFailure();
    log.error(
      { err: error, request_id: request.id, method: request.method, path: request.url.split('?')[0] },
      'unexpected error',
    );
  } else if (known.cause) {
    log.warn({ err: known.cause, request_id: request.id }, known.message);
  }
  const problem = problemOf(known, request.url.split('?')[0] ?? '', request.id);
  if (known?.retryAfterSeconds !== undefined) reply.header('retry-after', known.retryAfterSeconds);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  // The hook that sets it does not run for a request that no route was looked up for.
  reply.header('x-request-id', request.id);
  reply.code(problem.status).type('application/problem+json; charset=utf-8').send(JSON.stringify(problem));
}

const UNREADABLE: Record<string, () => AppError> = {
  HPE_HEADER_OVERFLOW: () =>
    new AppError('TRADEPOST_HEADERS_TOO_LARGE', 'headers_too_large', 'the headers are too large'),
  ERR_HTTP_REQUEST_TIMEOUT: () => new AppError('TRADEPOST_TIMEOUT', 'timeout', 'the request did not arrive in time'),
};

// What is no HTTP never becomes a request: the answer is written to the socket itself.
function answerGarbage(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const id = randomUUID();
  const problem = problemOf(
    UNREADABLE[error.code ?? '']?.() ?? invalid('this is not a request that can be read'),
    '/',
    id,
  );
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    `x-request-id: ${id}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
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
    preValidation: (request, _reply, done) => {
      if (inBody && request.body === undefined) request.body = {};
      done();
    },
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

function answer(op: Op, ctx: Ctx, result: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  // What one person may see is no cache's business, and a POST may carry a token.
  if (op.access !== 'public' || op.method === 'POST') reply.header('cache-control', 'no-store');
  if (wasReplayed(ctx)) reply.header('idempotent-replayed', 'true');
  if (op.download) return answerFile(op.download, result as { filename: string; content: string }, reply);
  if (op.status === 204) return reply.code(204).send();
  const existing = (result as { existing?: boolean } | null)?.existing === true;
  reply.code(existing ? 200 : (op.status ?? 200)).type('application/json; charset=utf-8');
  if (!op.output.page) return reply.send(toJson(op.output, result));
  const page = result as Page<unknown>;
  if (page.next !== undefined) reply.header('link', nextLink(request, page.next));
  return reply.send(toJson(op.output.properties.items, page.items));
}

function answerFile(type: string, file: { filename: string; content: string }, reply: FastifyReply): FastifyReply {
  return reply
    .type(type)
    .header('content-disposition', `inline; filename="${file.filename}"`)
    .header('x-content-type-options', 'nosniff')
    .send(Buffer.from(file.content, 'base64'));
}

function nextLink(request: FastifyRequest, cursor: string): string {
  const [path, query] = request.url.split('?');
  const parameters = new URLSearchParams(query);
  parameters.set('cursor', cursor);
  return `<${path}?${parameters}>; rel="next"`;
}
