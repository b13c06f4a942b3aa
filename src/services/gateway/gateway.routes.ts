import replyFrom from '@fastify/reply-from';
import type { FastifyInstance } from 'fastify';
import type { Op } from '../../platform/contract.ts';
import { common } from '../../platform/errors.ts';
import { routePath } from '../../platform/route-shape.ts';
import type { Neighbour } from '../../platform/system-routes.ts';
import { CTX_HEADER } from '../../platform/tokens.ts';

/** Proxies what runs elsewhere: every operation of a neighbour's contract but its internal ones. */
export function gatewayRoutes(app: FastifyInstance, { neighbours }: { neighbours: readonly Neighbour[] }): void {
  for (const neighbour of neighbours) void app.register((scope) => proxy(scope, neighbour));
}

async function proxy(scope: FastifyInstance, { contract, url }: Neighbour): Promise<void> {
  await scope.register(replyFrom, { base: url, undici: { connections: 64 } });
  // The body goes through as it came: the service itself reads and checks it.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
  for (const op of Object.values(contract.ops)) {
    if (op.access !== 'internal') for (const path of [op.path, ...(op.aliases ?? [])]) forward(scope, op, path);
  }
}

// Read as an address these lead elsewhere than the route that they matched here.
const LEADS_ASTRAY = /\\|\/(?:\.|%2e){1,2}(?:[/?]|$)/i;

function forward(scope: FastifyInstance, op: Op, path: string): void {
  scope.route({
    method: op.method,
    url: routePath(op, path),
    config: { operation: op.id },
    handler: (request, reply) => {
      if (LEADS_ASTRAY.test(request.url)) throw common.NOT_FOUND();
      return reply.from(request.url, {
        rewriteRequestHeaders: (_request, headers) => {
          // A client's word about who it is counts for nothing; only services seal a Ctx.
          const { [CTX_HEADER]: _forged, ...rest } = headers;
          return { ...rest, 'x-request-id': request.id };
        },
        onError: () => {
          throw common.UNAVAILABLE();
        },
      });
    },
  });
}
