import type { FastifyInstance } from 'fastify';
import { VERSION } from '../app/version.ts';
import type { Contract } from '../contract/contract.ts';
import { registry } from '../observability/metrics.ts';
import { serveHealth } from './health/routes.ts';
import type { ServerHealth } from './health/server-health.ts';
import type { ServiceDescription } from './openapi/asyncapi.ts';
import { openapi } from './openapi/openapi.ts';
import { errorPage } from './pages/errors.ts';
import type { RemoteService } from './remote-service.ts';
import { serveReference } from './static-files/reference.ts';
import { type Content, serveStatic } from './static-files/static-file.ts';

interface System {
  readonly name: string;
  readonly contracts: readonly Contract[];
  readonly remotes: readonly RemoteService[];
  /** Every service of the system: an event consumed here may be published by another process. */
  readonly descriptions: readonly ServiceDescription[];
  readonly health: ServerHealth;
}

/** What every server answers beside its operations: health, metrics, its documents and the reference. */
export function serveSystem(app: FastifyInstance, { name, contracts, remotes, descriptions, health }: System): void {
  const known = [...contracts, ...remotes.map((one) => one.contract)];
  serveHealth(app, name, health);
  app.get('/metrics', async (_request, reply) => reply.type(registry.contentType).send(await registry.metrics()));
  const services = new Set(known.map((contract) => contract.name));
  const title = titleOf(name);
  serveStatic(app, '/openapi.json', () => json(openapi(known, title, VERSION)));
  serveStatic(app, '/asyncapi.json', async () => {
    // Loaded at the first request, to keep the start fast.
    const { asyncapi } = await import('./openapi/asyncapi.ts');
    return json(asyncapi({ descriptions, services, title, version: VERSION }));
  });
  // An error of a peer may be returned by this service too.
  const everyContract = descriptions.map(({ contract }) => contract);
  serveStatic(app, '/docs/errors', () => html(errorPage(everyContract)));
  serveStatic(app, '/docs/events', async () => {
    const { eventPage } = await import('./pages/events.ts');
    return html(eventPage(descriptions));
  });
  serveReference(app, title);
}

const json = (document: object): Content => ({
  type: 'application/json; charset=utf-8',
  body: Buffer.from(JSON.stringify(document)),
});

const html = (text: string): Content => ({ type: 'text/html; charset=utf-8', body: Buffer.from(text) });

// The gateway's document describes the whole system.
const titleOf = (name: string): string => (name === 'gateway' ? 'Tradepost' : `Tradepost ${name}`);
