import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { contracts } from '../../../testing/system.ts';
import { say } from '../../../testing/wire.ts';
import { AppError, type Kind, STATUS } from '../../contract/errors.ts';
import { createLog } from '../../observability/log.ts';
import { serverHealth } from '../health/server-health.ts';
import { errorCatalogue } from '../openapi/error-catalogue.ts';
import { type Problem, problemOf } from '../problem.ts';
import { createServer } from '../server.ts';
import { serveSystem } from '../system-routes.ts';

const [product] = contracts.filter(({ name }) => name === 'product');
let app: ReturnType<typeof createServer>;
let url: string;

// One service alone; it may return an error of a service in another process too.
before(async () => {
  assert.ok(product);
  app = createServer(createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' }));
  const sources = { life: { phase: 'running' as const }, own: () => ({}), calls: () => ({}), call: () => undefined };
  const health = serverHealth({ name: 'product', services: [], remotes: [], edge: false, sources });
  const descriptions = contracts.map((contract) => ({ contract }));
  serveSystem(app, { name: 'product', contracts: [product], remotes: [], descriptions, health });
  app.get('/broken', () => {
    throw new Error('nobody expected this');
  });
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
after(async () => {
  const closed = once(app.server, 'close');
  await app.close();
  await closed;
});

/** Follows the type of a problem as a client does, and checks that its fragment exists. */
async function assertLeadsSomewhere(type: string, code: string): Promise<void> {
  const address = new URL(type, `${url}/orders/1`);
  const answer = await fetch(address);
  assert.deepEqual([answer.status, answer.headers.get('content-type')], [200, 'text/html; charset=utf-8'], type);
  assert.ok((await answer.text()).includes(` id="${address.hash.slice(1)}"`), type);
  assert.equal(address.hash, `#${code}`);
}

test('the type of every error leads to its place on a page', async () => {
  const rows = errorCatalogue(contracts).flatMap((section) => section.rows);
  const kinds = Object.keys(STATUS) as Kind[];
  for (const { code, status } of rows) {
    const kind = kinds.find((one) => STATUS[one] === status);
    const error = kind && new AppError(code, kind, 'as it is');
    await assertLeadsSomewhere(problemOf(error, '/', 'r').type, error ? code : 'TRADEPOST_INTERNAL');
  }
});

test('so does the type of what a server answers by itself', async () => {
  const responses = [
    'GET /nowhere HTTP/1.1\r\nHost: x\r\n',
    'PUT /health HTTP/1.1\r\nHost: x\r\n',
    'BREW /health HTTP/1.1\r\nHost: x\r\n',
    'GET /health HTTP/1.1\r\n',
    `GET /${'x'.repeat(9_000)} HTTP/1.1\r\nHost: x\r\n`,
    `GET /health HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n`,
    'GET /health HTTP/1.1\r\nHost: x\r\nExpect: more\r\n',
    'GET /broken HTTP/1.1\r\nHost: x\r\n',
    'nonsense\r\n',
  ];
  const codes = new Set<string>();
  for (const request of responses) {
    const { body } = await say(url, `${request}Connection: close\r\n\r\n`);
    const { type, code } = JSON.parse(body) as Problem;
    await assertLeadsSomewhere(type, code);
    codes.add(code);
  }
  assert.equal(codes.size, responses.length - 1);
});
