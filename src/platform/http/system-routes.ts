import type { FastifyInstance } from 'fastify';
import type { Contract } from '../contract.ts';
import { type Check, healthOf } from '../health.ts';
import { registry } from '../metrics.ts';
import { VERSION } from '../version.ts';
import type { EventsDocument, Party } from './asyncapi.ts';
import { errorPage } from './error-catalogue.ts';
import { openapi } from './openapi.ts';

/** A service that runs in another process. */
export interface Neighbour {
  readonly contract: Contract;
  readonly url: string;
}

interface System {
  readonly name: string;
  readonly contracts: readonly Contract[];
  readonly neighbours: readonly Neighbour[];
  /** Every service there is: what is heard here may be announced elsewhere. */
  readonly parties: readonly Party[];
  readonly checks: Readonly<Record<string, Check>>;
}

/** What every server answers beside its operations: health, metrics, its documents and the reference. */
export function serveSystem(app: FastifyInstance, { name, contracts, neighbours, parties, checks }: System): void {
  const all = { ...checks, ...Object.fromEntries(neighbours.map((one) => [one.contract.name, liveness(one)])) };
  const known = [...contracts, ...neighbours.map((one) => one.contract)];
  const document = JSON.stringify(openapi(known, titleOf(name), VERSION));
  app.get('/health', async (_request, reply) => {
    const health = await healthOf(name, all);
    if (health.status === 'down') void reply.code(503).header('retry-after', 1);
    return health;
  });
  app.get('/health/live', async () => ({
    status: 'ok',
    service: name,
    timestamp: new Date().toISOString(),
    checks: {},
  }));
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  app.get('/openapi.json', (_request, reply) => reply.type('application/json; charset=utf-8').send(document));
  const services = new Set(known.map((contract) => contract.name));
  const events = eventsDocument({ parties, services, title: titleOf(name), version: VERSION });
  app.get('/asyncapi.json', async (_request, reply) =>
    reply.type('application/json; charset=utf-8').send(await events()),
  );
  // An error of a peer passes through this service too.
  const everyContract = parties.map(({ contract }) => contract);
  app.get('/docs/errors', (_request, reply) => reply.type('text/html; charset=utf-8').send(errorPage(everyContract)));
  const pages = reference(name);
  for (const path of ['/docs', '/docs/*']) {
    app.get(path, async (request, reply) => {
      const { status, headers, body } = await pages(request.url);
      return reply.code(status).headers(headers).send(body);
    });
  }
}

// The gateway's document is the one of the whole system.
const titleOf = (name: string): string => (name === 'gateway' ? 'Tradepost' : `Tradepost ${name}`);

function liveness({ url }: Neighbour): Check {
  return async () => {
    const answer = await fetch(`${url}/health/live`, { signal: AbortSignal.timeout(2_000) });
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
  };
}

// Made when somebody asks: a start has no use for it.
function eventsDocument(about: EventsDocument): () => Promise<string> {
  let made: Promise<string> | undefined;
  return () => {
    made ??= import('./asyncapi.ts').then(({ asyncapi }) => JSON.stringify(asyncapi(about)));
    return made;
  };
}

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

// The reference is loaded at the first visit: it is 3 MB that a start has no use for.
function reference(name: string): (path: string) => Promise<Answer> {
  let pages: Promise<FastifyInstance> | undefined;
  return async (path) => {
    pages ??= referencePages(name);
    const { statusCode: status, headers, body } = await (await pages).inject(path);
    const kept = ['content-type', 'location'].flatMap((header) => {
      const value = headers[header];
      return value === undefined ? [] : [[header, String(value)]];
    });
    return { status, headers: Object.fromEntries(kept), body };
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
    // Nothing that would send the document, or a question about it, to anybody else's server.
    configuration: {
      url: '/openapi.json',
      pageTitle: `${titleOf(name)}: API reference`,
      operationTitleSource: 'path',
      withDefaultFonts: false,
      telemetry: false,
      hideClientButton: true,
      showDeveloperTools: 'never',
      agent: { disabled: true },
      mcp: { disabled: true },
      authentication: { preferredSecurityScheme: 'token' },
    },
  });
  await pages.ready();
  return pages;
}
