import type { FastifyInstance } from 'fastify';
import type { Contract } from './contract.ts';
import { type Check, healthOf } from './health.ts';
import { registry } from './metrics.ts';
import { openapi } from './openapi.ts';
import { VERSION } from './version.ts';

/** A service that runs in another process. */
export interface Neighbour {
  readonly contract: Contract;
  readonly url: string;
}

interface System {
  readonly name: string;
  readonly contracts: readonly Contract[];
  readonly neighbours: readonly Neighbour[];
  readonly checks: Readonly<Record<string, Check>>;
}

/** What every server answers beside its operations: health, metrics, its OpenAPI document and the reference. */
export function serveSystem(app: FastifyInstance, { name, contracts, neighbours, checks }: System): void {
  const all = { ...checks, ...Object.fromEntries(neighbours.map((one) => [one.contract.name, liveness(one)])) };
  const document = JSON.stringify(
    openapi([...contracts, ...neighbours.map((one) => one.contract)], `Tradepost ${name}`, VERSION),
  );
  app.get('/health', async (_request, reply) => {
    const health = await healthOf(name, all);
    return reply.code(health.status === 'ok' ? 200 : 503).send(health);
  });
  app.get('/health/live', async () => ({
    status: 'ok',
    service: name,
    timestamp: new Date().toISOString(),
    checks: {},
  }));
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  app.get('/openapi.json', (_request, reply) => reply.type('application/json; charset=utf-8').send(document));
  const pages = reference(name);
  for (const path of ['/docs', '/docs/*']) {
    app.get(path, async (request, reply) => {
      const { type, body } = await pages(request.url);
      return reply.type(type).send(body);
    });
  }
}

function liveness({ url }: Neighbour): Check {
  return async () => {
    const answer = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(2_000) });
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
  };
}

type Page = (path: string) => Promise<{ type: string; body: string }>;

// The reference is loaded at the first visit: it is 3 MB that a start has no use for.
function reference(name: string): Page {
  let pages: Promise<FastifyInstance> | undefined;
  return async (path) => {
    pages ??= referencePages(name);
    const answer = await (await pages).inject(path);
    return { type: String(answer.headers['content-type']), body: answer.body };
  };
}

async function referencePages(name: string): Promise<FastifyInstance> {
  const [{ default: Fastify }, { default: scalar }] = await Promise.all([
    import('fastify'),
    import('@scalar/fastify-api-reference'),
  ]);
  const pages = Fastify();
  await pages.register(scalar, {
    routePrefix: '/docs',
    configuration: {
      url: '/openapi.json',
      pageTitle: `Tradepost ${name}: API reference`,
      withDefaultFonts: false,
      telemetry: false,
    },
  });
  await pages.ready();
  return pages;
}
