import type { FastifyInstance } from 'fastify';
import type { RouteParts } from '../../platform/app/module.ts';
import { MAX_BODY, type Op } from '../../platform/contract/contract.ts';
import { takeAnyBody } from '../../platform/http/proxy/bodies.ts';
import { forward } from '../../platform/http/proxy/forward.ts';
import { openPool, type ProxyPoolOptions } from '../../platform/http/proxy/pool.ts';
import type { RemoteService } from '../../platform/http/remote-service.ts';
import { routePath } from '../../platform/http/route-shape.ts';
import { openStreams } from '../../platform/http/sse/sse.ts';

interface GatewayParts extends Pick<RouteParts, 'app' | 'remotes'> {
  /** How long a service may be waited for, where the usual does not do. */
  readonly timeoutMs?: number;
}

/** Proxies what runs elsewhere: every operation of a remote's contract but its internal ones. */
export function gatewayRoutes({ app, remotes, timeoutMs }: GatewayParts): void {
  for (const remote of remotes) {
    const ops = Object.values(remote.contract.ops).filter((op) => op.access !== 'internal');
    for (const streaming of [false, true]) {
      const some = ops.filter((op) => (op.stream === true) === streaming);
      if (some.length > 0) void app.register((scope) => proxy(scope, remote, some, { streaming, timeoutMs }));
    }
  }
}

async function proxy(
  scope: FastifyInstance,
  { contract, url }: RemoteService,
  ops: readonly Op[],
  options: ProxyPoolOptions,
): Promise<void> {
  const pool = await openPool(url, options);
  scope.addHook('onClose', () => pool.destroy());
  takeAnyBody(scope);
  const streams = options.streaming ? openStreams(scope) : undefined;
  const upstream = { service: contract.name, pool, streams };
  for (const op of ops) {
    for (const path of [op.path, ...(op.aliases ?? [])]) {
      scope.route({
        method: op.method,
        url: routePath(op, path),
        config: { operation: op.id },
        bodyLimit: op.maxBody ?? MAX_BODY,
        exposeHeadRoute: true,
        handler: (request, reply) => forward(request, reply, upstream),
      });
    }
  }
}
