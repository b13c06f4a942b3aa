import type { FastifyInstance, FastifyReply } from 'fastify';
import { common } from '../../contract/errors.ts';
import type { Health } from '../../observability/health.ts';
import type { ServerHealth } from './server-health.ts';

/**
 * `GET /health` reports the health of a server, with `?service=` that of one service at this address. `/health/live`:
 * the process runs and need not be restarted. `/health/ready`: requests should be sent here.
 */
export function serveHealth(app: FastifyInstance, name: string, health: ServerHealth): void {
  app.get('/health', async (request, reply) => {
    const { service } = request.query as { service?: unknown };
    if (typeof service !== 'string') return answer(reply, (await health.whole()).health);
    const found = await health.of(service);
    if (!found) throw common.NOT_FOUND();
    return answer(reply, found);
  });
  app.get('/health/live', async () => ({
    status: 'ok',
    service: name,
    timestamp: new Date().toISOString(),
    checks: {},
  }));
  app.get('/health/ready', async (_request, reply) => answer(reply, await health.ready()));
}

function answer(reply: FastifyReply, health: Health): Health {
  if (health.status === 'down') void reply.code(503).header('retry-after', 1);
  return health;
}
