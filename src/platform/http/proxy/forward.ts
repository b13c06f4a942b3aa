import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Dispatcher, Pool } from 'undici';
import type { AppError } from '../../contract/errors.ts';
import { networkFault, peerFault } from '../peers/faults.ts';
import { type OpenStreams, passStream } from '../sse/sse.ts';
import { oversizedBody, type PassedBody, tooLarge } from './bodies.ts';
import { answerHeaders, requestHeaders } from './headers.ts';

/** A service of another process, as the gateway reaches it. */
export interface Upstream {
  readonly service: string;
  readonly pool: Pool;
  /** Present where its answer is a stream. */
  readonly streams: OpenStreams | undefined;
}

/** Forwards a request unchanged, and its response back. Throws UNAVAILABLE, with the cause, when there is none. */
export async function forward(request: FastifyRequest, reply: FastifyReply, upstream: Upstream): Promise<FastifyReply> {
  const answer = await responseOf(request, reply, upstream);
  const { statusCode, body } = answer;
  if (reply.raw.destroyed) {
    body.on('error', () => undefined).destroy();
    return reply.hijack();
  }
  reply.code(statusCode).headers(answerHeaders(answer.headers));
  if (upstream.streams && request.method !== 'HEAD') return passStream(body, reply, upstream.streams);
  body.once('error', (error: unknown) => {
    // The client already has the head of the response: closing the connection is the only way left to report the fault.
    if (!reply.raw.destroyed) request.server.reportFault(incompleteResponse(upstream.service, error), request);
  });
  // A body that has ended emits no further end event, so it cannot be piped.
  return reply.send(body.readableEnded ? Readable.from([]) : body);
}

/** The response of the service, once the first bytes of its body have arrived. */
async function responseOf(
  request: FastifyRequest,
  reply: FastifyReply,
  upstream: Upstream,
): Promise<Dispatcher.ResponseData> {
  for (let isRetry = false; ; isRetry = true) {
    let hasHead = false;
    try {
      const answer = await send(request, reply, upstream);
      hasHead = true;
      await firstBytes(answer.body);
      return answer;
    } catch (error) {
      // The service may have closed an idle connection. Only safe methods are retried; for others the client decides.
      if (!isRetry && isReset(error) && isSafe(request) && !reply.raw.destroyed) continue;
      const { service } = upstream;
      throw hasHead ? incompleteResponse(service, error) : peerFault(service, networkFault(error), error);
    }
  }
}

async function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { pool }: Upstream,
): Promise<Dispatcher.ResponseData> {
  const given = request.body as PassedBody | undefined;
  const { promise: answered, resolve } = Promise.withResolvers<void>();
  if (given === tooLarge) reply.header('connection', 'close');
  const body = given === tooLarge ? oversizedBody(request.routeOptions.bodyLimit, answered) : (given ?? null);
  return pool
    .request({
      method: request.method as Dispatcher.HttpMethod,
      path: request.url,
      headers: requestHeaders(request.raw.rawHeaders, request.id),
      body: body as Dispatcher.DispatchOptions['body'],
    })
    .finally(resolve);
}

/** Waits for the first bytes, or for the end: until then a fault can still be answered with 503. */
function firstBytes(body: Dispatcher.ResponseData['body']): Promise<void> {
  return new Promise((resolve, reject) => {
    body.once('error', reject);
    for (const sign of ['readable', 'end']) {
      body.once(sign, () => {
        body.off('error', reject);
        resolve();
      });
    }
  });
}

const isSafe = ({ method }: FastifyRequest): boolean => method === 'GET' || method === 'HEAD';

function isReset(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET';
}

function incompleteResponse(service: string, error: unknown): AppError {
  const late = /TIMEOUT/.test(String((error as { code?: unknown }).code));
  return peerFault(
    service,
    late ? 'did not send the rest of its answer in time' : 'ended its answer in the middle',
    error,
  );
}
