import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CTX_HEADER } from '../../platform/auth/seal.ts';
import { MAX_BODY, type Op } from '../../platform/contract/contract.ts';
import { common } from '../../platform/contract/errors.ts';
import { routePath } from '../../platform/http/route-shape.ts';
import { type OpenStreams, openStreams, passStream } from '../../platform/http/sse/sse.ts';
import type { RemoteService } from '../../platform/http/system-routes.ts';

/** Proxies what runs elsewhere: every operation of a neighbour's contract but its internal ones. */
export function gatewayRoutes(app: FastifyInstance, { neighbours }: { neighbours: readonly RemoteService[] }): void {
  for (const neighbour of neighbours) {
    const ops = Object.values(neighbour.contract.ops).filter((op) => op.access !== 'internal');
    const streams = ops.filter((op) => op.stream);
    const others = ops.filter((op) => !op.stream);
    void app.register((scope) => proxy(scope, neighbour, others, 64));
    // A stream holds its connection for as long as it lasts: were they counted, those who listen would shut out those
    // who ask.
    if (streams.length > 0) void app.register((scope) => proxy(scope, neighbour, streams, null));
  }
}

async function proxy(
  scope: FastifyInstance,
  { url }: RemoteService,
  ops: readonly Op[],
  connections: number | null,
): Promise<void> {
  // Loaded where something runs elsewhere: one process has nothing to proxy.
  const { default: replyFrom } = await import('@fastify/reply-from');
  await scope.register(replyFrom, { base: url, undici: { connections } });
  // The body goes through as it came: the service itself reads and checks it. It is taken in whole first, so that one
  // that is too large is refused here, and not by a service that ends the connection over it.
  scope.removeAllContentTypeParsers();
  scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  const streams = openStreams(scope);
  for (const op of ops) for (const path of [op.path, ...(op.aliases ?? [])]) forward(scope, op, path, streams);
}

// Read as an address these lead elsewhere than the route that they matched here.
const LEADS_ASTRAY = /\/\.\.|\.\.\/|\/\.(?:\/|$)/;
const leadsAstray = (path: string): boolean => path.includes('\\') || LEADS_ASTRAY.test(decodeURIComponent(path));

function forward(scope: FastifyInstance, op: Op, path: string, streams: OpenStreams): void {
  scope.route({
    method: op.method,
    url: routePath(op, path),
    config: { operation: op.id },
    bodyLimit: op.maxBody ?? MAX_BODY,
    exposeHeadRoute: !op.stream,
    handler: (request, reply) => {
      const path = request.url.split('?', 1)[0] ?? '';
      if (leadsAstray(path)) throw common.NOT_FOUND();
      // The query goes along as it is.
      return reply.from(path, {
        ...bodyOf(request),
        ...(op.stream && {
          onResponse: (_request, passed, { stream }) => void passStream(stream, passed as FastifyReply, streams),
        }),
        // Whether to ask again is the client's decision.
        retryDelay: () => null,
        rewriteRequestHeaders: (_request, headers) => {
          // A client's word about who it is counts for nothing; only services seal a Ctx.
          const { [CTX_HEADER]: _forged, ...rest } = headers;
          return { ...rest, 'x-request-id': request.id };
        },
        // Called outside of the handler: what is thrown here would end the process.
        onError: (failed) => {
          void (failed as FastifyReply).send(common.UNAVAILABLE());
        },
      });
    },
  });
}

function bodyOf({ body, headers }: FastifyRequest): { body?: Buffer | null; contentType?: string } {
  if (!Buffer.isBuffer(body)) return {};
  return body.length === 0
    ? { body: null }
    : { body, contentType: headers['content-type'] ?? 'application/octet-stream' };
}
