import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { common, invalid } from '../../contract/errors.ts';

/** Every method that some route supports. Any other is not implemented (RFC 9110, 9.1). */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
type Method = (typeof METHODS)[number];

const JSON_TYPE = 'application/json';

/**
 * Answers requests without a route: OPTIONS with the methods of the path, a method that the path does not support with
 * 405 and `Allow`, a method that no route supports with 501, and an unknown path with 404.
 */
export function answerOtherMethods(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, done) => {
    if (!request.is404) return done();
    if (!isImplemented(request.method)) return done(common.METHOD_UNKNOWN());
    if (request.originalUrl === '*' && request.method !== 'OPTIONS')
      return done(invalid('* is an address for OPTIONS alone'));
    const methods = methodsOf(app, request);
    if (methods.length === 0) return done(common.NOT_FOUND());
    allow(reply, methods);
    if (request.method === 'OPTIONS') reply.code(204).send();
    else done(common.METHOD_NOT_ALLOWED({ allow: methods.join(', ') }));
  });
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
