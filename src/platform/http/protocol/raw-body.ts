import type { FastifyInstance } from 'fastify';
import { codingFault } from './bodies.ts';

/**
 * Makes the routes of a scope take the raw body, byte for byte, with the header that signs it: JSON that was parsed and
 * serialised again has another signature. Their input is `{ body, signature }`.
 */
export function takeSignedBodies(scope: FastifyInstance, header: string): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    const given = request.headers[header];
    const fault = codingFault(request);
    if (fault) done(fault);
    else done(null, { body: body.toString(), signature: typeof given === 'string' ? given : '' });
  });
}
