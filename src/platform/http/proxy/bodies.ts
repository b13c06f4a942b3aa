import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** The body of a request to forward; `tooLarge` when it has more bytes than its operation accepts. */
export type PassedBody = Buffer | typeof tooLarge;

export const tooLarge: unique symbol = Symbol('too large');

/**
 * Makes a scope accept any body unparsed: the service itself parses and validates it. A body is buffered whole, so that
 * a slow client holds no connection to the service.
 */
export function takeAnyBody(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', async (request: FastifyRequest, payload: Readable) => {
    const { bodyLimit } = request.routeOptions;
    return Number(request.headers['content-length']) > bodyLimit ? tooLarge : readUpTo(payload, bodyLimit);
  });
  // An invalid content type is rejected by the service, after authentication. The raw headers still carry it.
  scope.addHook('preParsing', (request, _reply, _payload, done) => {
    delete request.raw.headers['content-type'];
    done();
  });
}

async function readUpTo(payload: Readable, limit: number): Promise<PassedBody> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of payload.iterator({ destroyOnReturn: false })) {
    bytes += part.length;
    if (bytes > limit) return tooLarge;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

/**
 * A body above the limit, so that the service answers as it would answer the original body. It ends only when the
 * response has arrived: a service that closes the connection has then read all that was sent.
 */
export async function* oversizedBody(limit: number, answered: Promise<unknown>): AsyncGenerator<Buffer, void> {
  yield Buffer.alloc(limit + 1);
  await answered;
}
