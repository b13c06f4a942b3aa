import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type AppError, common, invalid } from '../../contract/errors.ts';

/** Every method that some route supports. Any other is not implemented (RFC 9110, 9.1). */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
type Method = (typeof METHODS)[number];

const JSON_TYPE = 'application/json';

/**
 * Answers a request without a route: OPTIONS with the methods of the path, a method that the path does not support with
 * 405 and `Allow`, a method that no route supports with 501, and an unknown path with 404.
 */
export function answerWithoutRoute(request: FastifyRequest, reply: FastifyReply, done: (error: Error) => void): void {
  const fault = faultWithoutRoute(request, reply);
  if (fault) done(fault);
  else reply.code(204).send();
}

/** Undefined for OPTIONS; names the methods in the headers. */
function faultWithoutRoute(request: FastifyRequest, reply: FastifyReply): AppError | undefined {
  const { method, originalUrl, server } = request;
  if (!isImplemented(method)) return common.METHOD_UNKNOWN();
  if (originalUrl === '*' && method !== 'OPTIONS') return invalid('* is an address for OPTIONS alone');
  const methods = methodsOf(server, request);
  if (methods.length === 0) return common.NOT_FOUND();
  allow(reply, methods);
  return method === 'OPTIONS' ? undefined : common.METHOD_NOT_ALLOWED({ allow: methods.join(', ') });
}

const isImplemented = (method: string): boolean => METHODS.some((one) => one === method);

// `OPTIONS *` asks for the server as a whole (RFC 9110, 7.1).
function methodsOf(app: FastifyInstance, { originalUrl, url }: FastifyRequest): readonly Method[] {
  if (originalUrl === '*') return METHODS;
  const methods = METHODS.filter((method) => app.findRoute({ method, url }) !== null);
  return methods.length === 0 ? [] : [...methods, 'OPTIONS'];
}

function allow(reply: FastifyReply, methods: readonly Method[]): void {
  reply.header('allow', methods.join(', '));
  if (methods.includes('POST')) reply.header('accept-post', JSON_TYPE);
  if (methods.includes('PATCH')) reply.header('accept-patch', JSON_TYPE);
}

/** The headers of a 415 that name the bodies that are accepted (RFC 9110, 15.5.16). */
export function acceptHeaders(code: string, method: string): Record<string, string> {
  if (code === common.CONTENT_ENCODING.code) return { 'accept-encoding': 'identity' };
  if (code !== common.MEDIA_TYPE.code && code !== common.CHARSET.code) return {};
  return {
    accept: JSON_TYPE,
    ...(method === 'POST' && { 'accept-post': JSON_TYPE }),
    ...(method === 'PATCH' && { 'accept-patch': JSON_TYPE }),
  };
}
