import assert from 'node:assert/strict';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { clientOf, type TestAnswer } from '../../../testing/client.ts';
import { freePort } from '../../../testing/ports.ts';
import { type Contract, contract } from '../../contract/contract.ts';
import { type Condition, Degraded, Down, type HealthCheck } from '../../observability/health.ts';
import { createLog } from '../../observability/log.ts';
import type { RemoteService } from '../remote-service.ts';
import { createServer as createOurs } from '../server.ts';
import { serveHealth } from './routes.ts';
import { type HealthSources, type Lifecycle, type ServerHealth, serverHealth } from './server-health.ts';

const log = createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' });
const well: HealthCheck = async () => {};
const failing =
  (error: Error): HealthCheck =>
  async () => {
    throw error;
  };
const named = (name: string): Contract =>
  contract({ name, summary: name, port: 1, topic: name, ops: {}, events: {}, errors: {} });

const servers: Server[] = [];
const apps: ReturnType<typeof createOurs>[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
  await Promise.all(apps.splice(0).map((app) => app.close()));
});

async function serverOf(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A service in another process that reports this health. */
async function remote(name: string, status: Condition, checks: object = {}, calls?: HealthCheck): Promise<Elsewhere> {
  const url = await serverOf((_request, response) => {
    response.writeHead(status === 'down' ? 503 : 200).end(JSON.stringify({ status, service: name, checks }));
  });
  return { contract: named(name), url, calls };
}

interface Elsewhere extends RemoteService {
  readonly calls?: HealthCheck | undefined;
}

const at = (name: string, url: string): Elsewhere => ({ contract: named(name), url });

function sourcesOf(
  own: Record<string, Record<string, HealthCheck>>,
  remotes: readonly Elsewhere[] = [],
  life: Lifecycle = { phase: 'running' },
): HealthSources {
  return {
    life,
    own: (services) => Object.assign({}, ...services.map((service) => own[service])),
    calls: () => ({}),
    call: (service) => remotes.find(({ contract }) => contract.name === service)?.calls,
  };
}

function gateway(remotes: readonly Elsewhere[], own: Record<string, Record<string, HealthCheck>> = {}): ServerHealth {
  const services = [...Object.keys(own), 'gateway'];
  return serverHealth({ name: 'gateway', services, remotes, edge: true, sources: sourcesOf(own, remotes) });
}

async function served(name: string, health: ServerHealth) {
  const app = createOurs(log);
  apps.push(app);
  serveHealth(app, name, health);
  return clientOf(await app.listen({ host: '127.0.0.1', port: 0 }));
}

const reported = ({ status, headers, body }: TestAnswer) => [status, headers.get('retry-after'), body.status];

test('the gateway reports the health of each service, and is degraded while only some serve', async () => {
  const order = await remote('order', 'ok', { database: 'ok' });
  const product = await remote('product', 'down', { database: 'the disk of the database is full' });
  const invoice = await remote('invoice', 'degraded', { database: 'ok', events: 'events wait' });
  const client = await served('gateway', gateway([order, product, invoice]));
  const answer = await client.get('/health');
  assert.deepEqual(reported(answer), [200, null, 'degraded']);
  const { services, checks } = answer.body as Record<string, unknown>;
  assert.deepEqual(services, {
    order: { status: 'ok', checks: { database: 'ok' } },
    product: { status: 'down', checks: { database: 'the disk of the database is full' } },
    invoice: { status: 'degraded', checks: { database: 'ok', events: 'events wait' } },
  });
  assert.deepEqual(checks, {
    order: 'ok',
    product: 'down: database: the disk of the database is full',
    invoice: 'degraded: events: events wait',
  });
});

test('the gateway is down when no service serves, and ok when all are', async () => {
  const all = [await remote('order', 'ok'), await remote('product', 'ok')];
  assert.deepEqual(reported(await (await served('gateway', gateway(all))).get('/health')), [200, null, 'ok']);
  const none = [await remote('order', 'down'), at('product', `http://127.0.0.1:${await freePort()}`)];
  assert.deepEqual(reported(await (await served('gateway', gateway(none))).get('/health')), [503, '1', 'down']);
});

test('for a service without a health report the cause is reported, without an address', async () => {
  const refused = at('product', `http://127.0.0.1:${await freePort()}`);
  const causes: [string, Elsewhere, RegExp][] = [
    ['refused', refused, /^refuses the connection/],
    ['a page', at('order', await serverOf((_, response) => response.end('<html>'))), /no health: .*ORDER_URL/],
    ['JSON', at('order', await serverOf((_, response) => response.end('{"status":"ok"}'))), /no health/],
    ['null', at('order', await serverOf((_, response) => response.end('null'))), /no health/],
    ['another service', { ...(await remote('user', 'ok')), contract: named('order') }, /another service .*ORDER_URL/],
    [
      'a redirect',
      at('order', await serverOf((_, response) => response.writeHead(302, { location: '/' }).end())),
      /answers 302/,
    ],
    ['a hang-up', at('order', await serverOf(({ socket }) => socket.destroy())), /ended the connection/],
    [
      'without end',
      at('order', await serverOf((_, response) => response.end('{"status":"ok",'.repeat(100_000)))),
      /no health/,
    ],
    ['no HTTP', at('order', await serverOf(({ socket }) => socket.end('hello\r\n\r\n'))), /not HTTP/],
    ['nowhere', at('order', 'http://nowhere.invalid:1'), /name in its address/],
  ];
  for (const [name, one, cause] of causes) {
    const { status, services = {} } = (await gateway([one]).whole()).health;
    const { cause: said = '' } = Object.values(services)[0] ?? {};
    assert.equal(status, 'down', name);
    assert.match(said, cause, name);
    assert.doesNotMatch(said, /127\.0\.0\.1|invalid/, name);
  }
});

test('a service that does not answer times out, and the others are reported', async () => {
  const silent = at('product', await serverOf(() => undefined));
  const { status, services } = (await gateway([silent, await remote('order', 'ok')]).whole()).health;
  assert.equal(status, 'degraded');
  assert.deepEqual(services?.product, { status: 'down', cause: 'did not answer in time' });
  assert.equal(services?.order?.status, 'ok');
});

test('a hundred concurrent health requests to the gateway make one request to each service', async () => {
  let asked = 0;
  const url = await serverOf((_request, response) => {
    asked++;
    response.end(JSON.stringify({ status: 'ok', service: 'order', checks: {} }));
  });
  const client = await served('gateway', gateway([at('order', url)]));
  const began = performance.now();
  const answers = await Promise.all(Array.from({ length: 100 }, () => client.get('/health')));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
  // One a second, should the machine be so slow.
  assert.ok(asked <= 1 + Math.floor((performance.now() - began) / 1_000), `${asked} requests`);
});

test('a service that refuses the calls of this process is degraded, with the reason', async () => {
  const order = await remote('order', 'ok', {}, failing(new Down('does not take our calls: give both a secret')));
  const { status, checks, services } = (await gateway([order]).whole()).health;
  assert.equal(status, 'degraded');
  assert.equal(services?.order?.cause, 'does not take our calls: give both a secret');
  assert.equal(checks.order, 'degraded: does not take our calls: give both a secret');
});

test('services beside the gateway are reported one by one: one without its database does not affect the others', async () => {
  const apart = { order: { database: well }, analytics: { clickhouse: failing(new Down('the disk is full')) } };
  const health = gateway([], apart);
  const { health: whole, conditions } = await health.whole();
  assert.equal(whole.status, 'degraded');
  assert.deepEqual(whole.services, {
    order: { status: 'ok', checks: { database: 'ok' } },
    analytics: { status: 'down', checks: { clickhouse: 'the disk is full' } },
  });
  assert.deepEqual(
    [whole.checks, conditions],
    [
      { database: 'ok', clickhouse: 'the disk is full' },
      { database: 'ok', clickhouse: 'down' },
    ],
  );
  assert.equal((await health.ready()).status, 'degraded');
  const client = await served('gateway', health);
  assert.deepEqual(reported(await client.get('/health?service=order')), [200, null, 'ok']);
  assert.deepEqual(reported(await client.get('/health?service=analytics')), [503, '1', 'down']);
  assert.equal((await client.get('/health?service=nothing')).status, 404);
});

test('a process is ready from the end of its start to the beginning of its stop, and while its own parts work', async () => {
  const life: Lifecycle = { phase: 'starting' };
  let database = well;
  const sources = {
    ...sourcesOf({ order: { database: () => database() } }, [], life),
    calls: () => ({ product: Object.assign(failing(new Down('away')), { watched: true }) }),
  };
  const health = serverHealth({ name: 'order', services: ['order'], remotes: [], edge: false, sources });
  const client = await served('order', health);
  const ready = () => client.get('/health/ready');
  assert.deepEqual(reported(await ready()), [503, '1', 'down']);
  life.phase = 'running';
  assert.deepEqual(reported(await ready()), [200, null, 'ok']);
  assert.deepEqual(reported(await client.get('/health')), [200, null, 'degraded'], 'its peers count for its health');
  database = failing(new Degraded('slow'));
  assert.deepEqual(reported(await ready()), [200, null, 'degraded']);
  database = failing(new Down('the disk is full'));
  assert.deepEqual(reported(await ready()), [503, '1', 'down']);
  database = well;
  life.phase = 'stopping';
  assert.deepEqual([(await ready()).status, (await client.get('/health/live')).status], [503, 200]);
});

test('a gateway without any reachable service is ready, so that clients get an answer', async () => {
  const away = at('order', `http://127.0.0.1:${await freePort()}`);
  const client = await served('gateway', gateway([away]));
  assert.deepEqual(reported(await client.get('/health/ready')), [200, null, 'ok']);
  assert.deepEqual(reported(await client.get('/health')), [503, '1', 'down']);
});
