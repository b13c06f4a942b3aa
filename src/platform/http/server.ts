import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { MAX_BODY } from '../contract/contract.ts';
import { type AppError, common, invalid } from '../contract/errors.ts';
import { type FaultLog, faultLog } from '../observability/fault-log.ts';
import type { Log } from '../observability/log.ts';
import { countFailure, observeRequest } from '../observability/metrics.ts';
import { endConnections } from './connections.ts';
import { expected, problemOf } from './problem.ts';
import { validatorFor } from './validation.ts';

const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;
const SLOW_SECONDS = 1;

/** A server without routes of its own: parsing, ids, logging, errors. */
export function createServer(log: Log): FastifyInstance {
  const faults: Faults = { log, report: faultLog(log) };
  const app = Fastify({
    bodyLimit: MAX_BODY,
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
    frameworkErrors: (error, request, reply) => answerError(error, request, reply as FastifyReply, faults),
    clientErrorHandler: answerGarbage,
    // A request that is here when the drain begins is answered as any other; its connection ends with it.
    return503OnClosing: false,
  });
  app.setValidatorCompiler(({ schema, httpPart }) => validatorFor(schema as object, httpPart));
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, faults));
  app.setNotFoundHandler((request, reply) => answerError(common.NOT_FOUND(), request, reply, faults));
  acceptEmptyJson(app);
  endConnections(app);
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
    if (body === '') done(null, {});
    else void parse(request, body as string, done);
  });
}

interface Faults {
  readonly log: Log;
  /** Of faults that a flood of requests may cause. */
  readonly report: FaultLog;
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, { log, report }: Faults): void {
  const known = expected(error);
  if (!known) {
    countFailure();
    log.error(
      { err: error, request_id: request.id, method: request.method, path: request.url.split('?')[0] },
      'unexpected error',
    );
  } else if (known.cause instanceof Error) {
    report(known.cause.message, { err: known.cause, request_id: request.id, status: known.status });
  }
  const problem = problemOf(known, request.url.split('?')[0] ?? '', request.id);
  if (known?.retryAfterSeconds !== undefined) reply.header('retry-after', known.retryAfterSeconds);
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  // The hook that sets it does not run for a request that no route was looked up for.
  reply.header('x-request-id', request.id);
  reply.code(problem.status).type('application/problem+json; charset=utf-8').send(JSON.stringify(problem));
}

const UNREADABLE: Record<string, () => AppError> = {
  HPE_HEADER_OVERFLOW: () => common.HEADERS_TOO_LARGE(),
  ERR_HTTP_REQUEST_TIMEOUT: () => common.TIMEOUT(),
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
