import { randomUUID } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { MAX_BODY } from '../contract/contract.ts';
import { type AppError, common } from '../contract/errors.ts';
import { type FaultLog, faultLog } from '../observability/fault-log.ts';
import type { Log } from '../observability/log.ts';
import { countFailure, observeRequest } from '../observability/metrics.ts';
import { problemOf, toAppError } from './problem.ts';
import { takeJson } from './protocol/bodies.ts';
import { endConnections } from './protocol/connections.ts';
import { faultInHead, NODE_OPTIONS, originForm, takeHeads } from './protocol/head.ts';
import { answerMalformed, refuseTunnels } from './protocol/malformed.ts';
import { acceptHeaders, answerWithoutRoute } from './protocol/methods.ts';
import { validatorFor } from './validation.ts';

const REQUEST_ID = /^[\w.:/+=-]{1,128}$/;
const SLOW_SECONDS = 1;

declare module 'fastify' {
  interface FastifyInstance {
    /** Logs the cause of a fault that can no longer be sent to the client. */
    reportFault(fault: AppError, request: FastifyRequest): void;
  }
}

/** A server without routes of its own: parsing, ids, logging, errors. */
export function createServer(log: Log): FastifyInstance {
  const faults: Faults = { log, report: faultLog(log) };
  const app = Fastify({
    bodyLimit: MAX_BODY,
    logger: false,
    http: NODE_OPTIONS,
    rewriteUrl: (request) => originForm(request),
    // While draining, idle connections are closed and requests in flight are answered.
    forceCloseConnections: 'idle',
    requestTimeout: 30_000,
    routerOptions: { maxParamLength: 256 },
    requestIdHeader: false,
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && REQUEST_ID.test(given) ? given : randomUUID();
    },
    frameworkErrors: (error, request, reply) => answerError(error, request, reply as FastifyReply, faults),
    // Responses are sent in the order of their requests.
    clientErrorHandler: (error, socket) => connections.afterAnswers(socket, () => answerMalformed(error, socket)),
    // A request that has arrived when draining begins is answered normally; then its connection is closed.
    return503OnClosing: false,
  });
  app.setValidatorCompiler(({ schema, httpPart }) => validatorFor(schema as object, httpPart));
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, faults));
  app.setNotFoundHandler((request, reply) => answerError(common.NOT_FOUND(), request, reply, faults));
  takeJson(app);
  const connections = endConnections(app);
  refuseTunnels(app);
  app.decorateRequest('caller');
  app.decorate('reportFault', (fault, request) => reportFault(fault, request, faults));
  takeHeads(app);
  // One hook for all that is done with every request: each costs as much as what it does.
  app.addHook('onRequest', (request, reply, done) => {
    if (connections.isCutOff(request.raw)) {
      reply.hijack();
      return;
    }
    reply.header('x-request-id', request.id);
    const fault = faultInHead(request.raw);
    if (fault) done(fault);
    else if (request.is404) answerWithoutRoute(request, reply, done);
    else done();
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

interface Faults {
  readonly log: Log;
  /** Rate-limited, for faults that many requests cause at once. */
  readonly report: FaultLog;
}

function answerError(error: unknown, request: FastifyRequest, reply: FastifyReply, faults: Faults): void {
  const { log } = faults;
  const known = toAppError(error);
  if (!known) {
    countFailure();
    log.error(
      { err: error, request_id: request.id, method: request.method, path: request.url.split('?')[0] },
      'unexpected error',
    );
  } else reportFault(known, request, faults);
  const problem = problemOf(known, request.url.split('?')[0] ?? '', request.id);
  if (known?.retryAfterSeconds !== undefined) reply.header('retry-after', known.retryAfterSeconds);
  if (known) reply.headers(acceptHeaders(known.code, request.method));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer');
  // The hook that sets it does not run for a request that fails before routing.
  reply.header('x-request-id', request.id);
  reply.code(problem.status).type('application/problem+json; charset=utf-8').send(JSON.stringify(problem));
}

function reportFault({ cause, status }: AppError, { id }: FastifyRequest, { report }: Faults): void {
  if (cause instanceof Error) report(cause.message, { err: cause, request_id: id, status });
}
