import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** The body of a request to be passed on; `tooLarge` is one that has more bytes than its operation takes. */
export type PassedBody = Buffer | typeof tooLarge;

export const tooLarge: unique symbol = Symbol('too large');

/**
 * A scope whose bodies are taken as they come, whatever they are: the service itself reads and checks them. They are
 * taken whole, so that a slow client holds no connection to the service.
 */
export function takeAnyBody(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', async (request: FastifyRequest, payload: Readable) => {
    const { bodyLimit } = request.routeOptions;
    return Number(request.headers['content-length']) > bodyLimit ? tooLarge : readUpTo(payload, bodyLimit);
  });
  // A type that is none is refused by the service, after it has asked who calls. The raw headers still have it.
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
 * As many bytes as are too many, so that the service answers what it would have answered to the body itself. It goes
 * on until the answer is there: a service that ends the connection has read all that was sent.
 */
export async function* moreThan(limit: number, answered: Promise<unknown>): AsyncGenerator<Buffer, void> {
  yield Buffer.alloc(limit + 1);
  await answered;
}
