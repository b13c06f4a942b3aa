import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { common, invalid } from '../../contract/errors.ts';

/** Every method that something here takes. Any other is not implemented anywhere (RFC 9110, 9.1). */
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
type Method = (typeof METHODS)[number];

const JSON_TYPE = 'application/json';

/**
 * Answers what no route takes: OPTIONS with the methods of its address, a method that this address does not take with
 * 405 and those that it does, a method that nothing takes with 501, and an address without any route with 404.
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

/** What the answer to a body that is not taken says about those that are (RFC 9110, 15.5.16). */
export function takenInstead(code: string, method: string): Record<string, string> {
  if (code === common.CONTENT_ENCODING.code) return { 'accept-encoding': 'identity' };
  if (code !== common.MEDIA_TYPE.code && code !== common.CHARSET.code) return {};
  return {
    accept: JSON_TYPE,
    ...(method === 'POST' && { 'accept-post': JSON_TYPE }),
    ...(method === 'PATCH' && { 'accept-patch': JSON_TYPE }),
  };
}
