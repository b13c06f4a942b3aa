import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { CTX_HEADER } from '../../platform/auth/seal.ts';
import { MAX_BODY } from '../../platform/contract/contract.ts';
import { type HealthSources, serverHealth } from '../../platform/http/health/server-health.ts';
import { mount } from '../../platform/http/routes.ts';
import { createServer } from '../../platform/http/server.ts';
import { type Ticker, ticker, tickerContract } from '../../platform/http/sse/sse.fixture.ts';
import { serveSystem } from '../../platform/http/system-routes.ts';
import { thingContract, thingService, tokenOf, tokens } from '../../platform/http/things.fixture.ts';
import { createLog } from '../../platform/observability/log.ts';
import { type Heard, say } from '../../testing/wire.ts';
import { gatewayContract } from './gateway.contract.ts';
import { gatewayRoutes } from './gateway.routes.ts';

// A client cannot tell whether it speaks with a service or with the gateway before it (RFC 9110 and 9112).

const log = createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' });
const TOLD = ['content-type', 'content-length', 'allow', 'accept', 'accept-post', 'accept-patch', 'accept-encoding',
  'retry-after', 'www-authenticate', 'cache-control', 'link', 'content-disposition', 'x-content-type-options',
  'content-encoding', 'vary', 'etag', 'location']; // biome-ignore format: one list

const SOURCES: HealthSources = {
  life: { phase: 'running' },
  own: () => ({}),
  calls: () => ({}),
  call: () => undefined,
};
const HOST = 'Host: shop.example:8080\r\n';
const JSON_TYPE = 'Content-Type: application/json\r\n';
const MAKE = '{"name":"new","price":12.5}';
const LENGTH = `Content-Length: ${MAKE.length}\r\n`;
const UMLAUT = Buffer.from('{"name":"Ä","price":1}', 'latin1').toString('latin1');

interface Row {
  readonly status: number;
  readonly line: string;
  readonly headers?: string;
  readonly body?: string | Buffer;
  /** What the headers of both answers hold besides. */
  readonly told?: Readonly<Record<string, string>>;
  readonly version?: string;
  readonly host?: string;
}

const row = (status: number, line: string, headers = '', body: string | Buffer = '', more: Partial<Row> = {}): Row => ({
  status, line, headers, body, ...more,
}); // biome-ignore format: one line

/** Written where the token of a customer or of the staff goes. */
const [CUSTOMER, STAFF] = ['@customer\r\n', '@staff\r\n'];
const post = (status: number, headers: string, body: string | Buffer = MAKE, told?: Row['told']): Row =>
  row(status, 'POST /things', `${CUSTOMER}Content-Length: ${Buffer.byteLength(body)}\r\n${headers}`, body, { told });
const allows = (status: number, line: string, allow: string): Row => row(status, line, '', '', { told: { allow } });

const rows: Row[] = [
  // Ordinary ones.
  row(200, 'GET /things'),
  row(200, 'GET /things?limit=2&cheaper_than=7.50'),
  row(200, 'GET /things/2'),
  row(404, 'GET /things/99'),
  row(401, 'GET /things/thing%202'),
  row(200, 'GET /things/thing%202', CUSTOMER),
  row(200, 'GET /by-name/thing%202', CUSTOMER),
  row(200, 'GET /things/2/label'),
  row(200, 'GET /things/2/picture?drawn=true'),
  row(200, 'GET /last-price', STAFF),
  row(403, 'GET /last-price', CUSTOMER),
  post(201, JSON_TYPE),
  post(200, JSON_TYPE, '{"name":"thing 1","price":1}'),
  row(204, 'DELETE /things/1', STAFF),
  row(200, 'POST /things/1/touch'),
  row(409, 'POST /failures', `${JSON_TYPE}Content-Length: 15\r\n`, '{"how":"short"}'),
  row(500, 'POST /failures', `${JSON_TYPE}Content-Length: 16\r\n`, '{"how":"broken"}'),
  row(404, 'GET /nowhere'),
  // Methods.
  row(200, 'HEAD /things'),
  row(200, 'HEAD /things/2/label'),
  row(404, 'HEAD /things/99'),
  row(404, 'HEAD /nowhere'),
  row(200, 'HEAD /prices/tea', STAFF, '', { told: { 'content-type': 'text/event-stream; charset=utf-8' } }),
  row(400, 'HEAD /prices/nothing', STAFF),
  row(401, 'HEAD /prices/tea'),
  allows(405, 'POST /prices/tea', 'GET, HEAD, OPTIONS'),
  allows(405, 'PUT /things', 'GET, HEAD, POST, OPTIONS'),
  allows(405, 'PATCH /things/1', 'GET, HEAD, PUT, DELETE, OPTIONS'),
  allows(405, 'DELETE /by-name/x', 'GET, HEAD, OPTIONS'),
  allows(405, 'GET /things/1/touch', 'POST, OPTIONS'),
  row(405, 'PUT /things', 'Content-Type: text/plain\r\nContent-Length: 2\r\n', 'hi'),
  row(405, 'PUT /things', `Content-Length: ${MAX_BODY + 1}\r\n`, Buffer.alloc(MAX_BODY + 1)),
  allows(204, 'OPTIONS /things', 'GET, HEAD, POST, OPTIONS'),
  allows(204, 'OPTIONS /things/1?x=y', 'GET, HEAD, PUT, DELETE, OPTIONS'),
  row(204, 'OPTIONS *', '', '', { told: { allow: 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS' } }),
  row(404, 'OPTIONS /nowhere'),
  ...['TRACE /things', 'PROPFIND /things', 'MKCOL /nowhere', 'CONNECT shop.example:80', 'BREW /things', 'TRACE /nowhere']
    .map((line) => row(501, line)),
  // System paths.
  ...['/health', '/health/live', '/health/ready', '/metrics', '/openapi.json', '/asyncapi.json', '/docs', '/docs/', '/docs/errors'].flatMap((path) => [
    allows(204, `OPTIONS ${path}`, 'GET, HEAD, OPTIONS'),
    allows(405, `POST ${path}`, 'GET, HEAD, OPTIONS'),
  ]),
  row(301, 'HEAD /docs'),
  row(200, 'HEAD /docs/errors'),
  // Bodies.
  post(415, 'Content-Type: text/plain\r\n', MAKE, { accept: 'application/json', 'accept-post': 'application/json' }),
  post(415, 'Content-Type: json\r\n', MAKE, { accept: 'application/json' }),
  post(415, '', MAKE, { accept: 'application/json' }),
  post(415, 'Content-Type: application/json; charset=utf-16\r\n', MAKE, { accept: 'application/json' }),
  post(415, 'Content-Type: application/json; charset="ISO-8859-1"\r\n', MAKE),
  post(201, 'Content-Type: application/json; charset="UTF-8"\r\n'),
  post(201, 'Content-Type: application/json;charset=us-ascii\r\nContent-Encoding: identity\r\n'),
  post(201, 'Content-Type: APPLICATION/JSON\r\n'),
  ...['gzip', 'br', 'deflate', 'x-gzip', 'gzip, identity', 'nonsense'].map((coding) =>
    post(415, `${JSON_TYPE}Content-Encoding: ${coding}\r\n`, gzipSync(MAKE), { 'accept-encoding': 'identity' })),
  post(400, JSON_TYPE, Buffer.from(UMLAUT, 'latin1')),
  post(201, JSON_TYPE, '{"name":"Ä","price":1}'),
  post(400, JSON_TYPE, '{"name":'),
  post(400, JSON_TYPE, ''),
  post(413, JSON_TYPE, Buffer.alloc(MAX_BODY + 1, 32)),
  post(413, JSON_TYPE, Buffer.alloc(1_000_000, 32)),
  row(401, 'POST /things', `${JSON_TYPE}Content-Length: ${MAX_BODY + 1}\r\n`, Buffer.alloc(MAX_BODY + 1, 32)),
  row(401, 'POST /things', `Content-Type: json\r\n${LENGTH}`, MAKE),
  row(201, 'POST /things', `${CUSTOMER}${JSON_TYPE}Transfer-Encoding: chunked\r\n`, `5;a=b\r\n{"nam\r\n16\r\n${MAKE.slice(5)}\r\n0\r\nX-Sum: 1\r\n\r\n`),
  row(413, 'POST /things', `${CUSTOMER}${JSON_TYPE}Transfer-Encoding: chunked\r\n`, `${(MAX_BODY + 1).toString(16)}\r\n${' '.repeat(MAX_BODY + 1)}\r\n0\r\n\r\n`),
  row(501, 'POST /things', `${CUSTOMER}${JSON_TYPE}Transfer-Encoding: gzip, chunked\r\n`, '0\r\n\r\n'),
  row(200, 'GET /things/2', `${JSON_TYPE}Content-Length: 2\r\n`, '{}'),
  row(200, 'GET /things/2', 'Transfer-Encoding: chunked\r\n', '2\r\n{}\r\n0\r\n\r\n'),
  row(204, 'DELETE /things/1', `${STAFF}${JSON_TYPE}Content-Length: 2\r\n`, '{}'),
  row(400, 'DELETE /things/1', `${STAFF}${JSON_TYPE}Content-Length: 1\r\n`, '{'),
  // Expectations.
  post(201, `${JSON_TYPE}Expect: 100-continue\r\n`),
  post(417, `${JSON_TYPE}Expect: 200-ok\r\n`),
  post(417, `${JSON_TYPE}Expect: 100-continue, 200-ok\r\n`),
  row(401, 'POST /things', `${JSON_TYPE}${LENGTH}Expect: 100-Continue\r\n`, MAKE),
  row(413, 'POST /things', `${CUSTOMER}${JSON_TYPE}Content-Length: 1000000\r\nExpect: 100-continue\r\n`),
  // Hosts, addresses and sizes.
  row(400, 'GET /things', '', '', { host: '' }),
  row(400, 'GET /things', '', '', { host: `${HOST}Host: other.example\r\n` }),
  row(400, 'GET /things', '', '', { host: `${HOST}${HOST}` }),
  ...['a b', 'a/b', 'user@host', 'host:port', '[::1', 'höst', 'a, b'].map((host) => row(400, 'GET /things', '', '', { host: `Host: ${host}\r\n` })),
  ...['', '[::1]:8080', 'ex%61mple', 'EXAMPLE.', '127.0.0.1:'].map((host) => row(200, 'GET /things', '', '', { host: `Host: ${host}\r\n` })),
  row(200, 'GET /things', '', '', { version: '1.0', host: '' }),
  row(200, 'GET /things?limit=2', `${CUSTOMER}Expect: x\r\n`, '', { version: '1.0' }),
  row(200, 'GET http://other.example/things?limit=2'),
  row(200, 'HEAD HTTPS://other.example:1/things/2'),
  row(404, 'GET http://other.example'),
  row(400, 'GET http:///things'),
  row(400, 'GET things'),
  row(400, 'GET *'),
  row(404, 'GET //things'),
  row(401, 'GET /things/'),
  ...['.', '..', '%2e%2e', 'a%2f..%2fb', './x', "!$&'()*+,;=:@-_~", '%F0%9F%8D%8B', '%25', '%00', '%c3%a4'].flatMap((name) => [
    row(404, `GET /by-name/${name}`, CUSTOMER),
    row(name === './x' ? 404 : 401, `GET /by-name/${name}`),
  ]),
  row(400, 'GET /things/%E0%A4%A'),
  row(400, 'GET /things?limit=%E0%A4'),
  row(400, 'GET /things?no=such'),
  row(404, `GET /by-name/${'x'.repeat(300)}`, CUSTOMER),
  row(404, `GET /${'x'.repeat(8_000)}`),
  row(414, `GET /${'x'.repeat(8_200)}`),
  row(414, `GET /${'x'.repeat(20_000)}`),
  row(414, `GET /things?${'x'.repeat(200_000)}`),
  row(200, 'GET /things', `X-Long: ${'x'.repeat(15_000)}\r\n`),
  row(431, 'GET /things', `X-Long: ${'x'.repeat(17_000)}\r\n`),
  row(431, 'GET /things', `X-Long: ${'x'.repeat(200_000)}\r\n`),
  row(431, 'GET /things', 'X-Many: 1234\r\n'.repeat(3_000)),
  // Headers of one connection, and of the other side.
  row(200, 'GET /things/2', 'Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\n'),
  row(200, 'GET /things/2', 'Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'),
  row(400, 'POST /things', `${CUSTOMER}${JSON_TYPE}${LENGTH}Idempotency-Key: a\r\nIdempotency-Key: b\r\n`, MAKE),
  row(401, 'GET /last-price', `Authorization: Basic abc\r\n${STAFF}`),
  row(304, 'GET /things', 'Accept: text/html;q=0\r\nAccept-Encoding: gzip\r\nRange: bytes=0-1\r\nIf-None-Match: *\r\n'),
  row(200, 'GET /things', 'Accept: text/html;q=0\r\nAccept-Encoding: gzip\r\nRange: bytes=0-1\r\n'),
  row(200, 'GET /things', 'X-Latin: \xe4\r\nX-Empty:\r\n'),
  row(505, 'GET /things', '', '', { version: '2.0' }),
  row(505, 'GET /things', '', '', { version: '1.2' }),
  row(505, 'GET /things', '', '', { version: '3.0' }),
  row(505, 'GET /things', '', '', { version: '0.9' }),
  row(501, 'get /things'),
  row(505, 'PRI *', '', '', { version: '2.0' }),
  row(400, 'GET /by-name/\xe4', CUSTOMER),
  row(404, 'GET /by-name/{"|^`<>}', CUSTOMER),
  row(404, 'GET /by-name/a\\\\..\\\\b', CUSTOMER),
  row(400, 'GET /things?limit=2#fragment'),
  row(200, 'GET /things/2', 'Expect: 100-continue\r\n'),
  row(400, 'POST /things', `${CUSTOMER}${JSON_TYPE}Content-Length: +27\r\n`, MAKE),
  row(201, 'POST /things', `${CUSTOMER}${JSON_TYPE}Content-Length: 0027\r\n`, MAKE),
  row(201, 'POST /things', `${CUSTOMER}${JSON_TYPE}Content-Type: text/plain\r\n${LENGTH}`, MAKE),
  row(201, 'POST /things', `${CUSTOMER}${JSON_TYPE}Transfer-Encoding: Chunked\r\n`, `1b\r\n${MAKE}\r\n0\r\n\r\n`),
  row(200, 'GET /things/2', 'Cookie: a=1\r\nCookie: b=2\r\nForwarded: for=1\r\nVia: 1.0 cache\r\nMax-Forwards: 0\r\n'),
  row(204, 'OPTIONS /things', 'Max-Forwards: 0\r\nContent-Length: 2\r\n', '{}'),
  // What is no request.
  row(400, 'nonsense'),
  row(400, 'GET /a b'),
  row(400, 'GET /things', 'bad header\r\n'),
  row(400, 'GET /things', 'X: a\r\n folded\r\n'),
  row(400, 'POST /things', 'Content-Length: 1\r\nContent-Length: 2\r\n', '{}'),
  row(400, 'POST /things', 'Content-Length: 2\r\nTransfer-Encoding: chunked\r\n', '{}'),
  row(400, 'POST /things', `${CUSTOMER}${JSON_TYPE}Transfer-Encoding: chunked\r\n`, 'zz\r\n'),
]; // biome-ignore format: one table

describe('what reaches a service through the gateway as it does directly', () => {
  let service: ReturnType<typeof createServer>;
  let gateway: ReturnType<typeof createServer>;
  let doors: [direct: string, through: string];
  let prices: Ticker;
  let words: Record<string, string>;

  before(async () => {
    prices = ticker();
    service = createServer(log);
    mount(service, thingContract, thingService().api, { log, tokens, seal: undefined });
    mount(service, tickerContract, prices.api, { log, tokens, seal: undefined });
    const health = serverHealth({ name: 'thing', services: [], remotes: [], edge: false, sources: SOURCES });
    const parts = { remotes: [], descriptions: [], health };
    serveSystem(service, { name: 'thing', contracts: [thingContract, tickerContract], ...parts });
    const there = await service.listen({ host: '127.0.0.1', port: 0 });
    gateway = createServer(log);
    gatewayRoutes({
      app: gateway,
      remotes: [thingContract, tickerContract].map((contract) => ({ contract, url: there })),
    });
    serveSystem(gateway, { name: 'gateway', contracts: [gatewayContract], ...parts });
    doors = [there, await gateway.listen({ host: '127.0.0.1', port: 0 })];
    const [customer, staff] = await Promise.all([tokenOf('customer'), tokenOf('staff')]);
    words = { [CUSTOMER]: line(customer.authorization), [STAFF]: line(staff.authorization) };
  });
  after(async () => {
    const closed = [gateway, service].map((app) => once(app.server, 'close'));
    await gateway.close();
    await service.close();
    await Promise.all(closed);
  });

  const line = (authorization = ''): string => `Authorization: ${authorization}\r\n`;

  function wired({ line, headers = '', body = '', version = '1.1', host = HOST }: Row): Buffer {
    const given = Object.entries(words).reduce((text, [word, header]) => text.replace(word, header), headers);
    const head = `${line} HTTP/${version}\r\n${host}X-Request-Id: same\r\nConnection: close\r\n${given}\r\n`;
    return Buffer.concat([Buffer.from(head, 'latin1'), Buffer.from(body)]);
  }

  for (const one of rows) {
    test(`${one.line.slice(0, 60)} ${(one.headers ?? '').slice(0, 60).trim()} ${one.host ?? ''} → ${one.status}`, async () => {
      const [direct, through] = await Promise.all(doors.map((url) => say(url, wired(one))));
      assert.ok(direct && through);
      assert.equal(direct.status, one.status, JSON.stringify(direct));
      assert.deepEqual(shown(through, one), shown(direct, one));
      for (const [name, value] of Object.entries(one.told ?? {})) assert.equal(direct.headers[name], value, name);
      if (one.status < 400 || one.line.startsWith('HEAD')) return;
      assert.equal(direct.headers['content-type'], 'application/problem+json; charset=utf-8');
      const { request_id, status } = JSON.parse(direct.body) as { request_id: string; status: number };
      assert.deepEqual([request_id, status], [direct.headers['x-request-id'], one.status]);
      assert.ok(request_id.length > 3);
    });
  }

  function shown({ status, headers, body }: Heard, { line }: Row): object {
    const told = Object.fromEntries(TOLD.map((name) => [name, headers[name]]));
    // The moment, and the id of what never became a request.
    const text = body.replace(/"timestamp":"[^"]+"/, '').replace(/"request_id":"[\w-]{36}"/, '');
    // Each has documents of its own.
    return / \/(docs|health|metrics|openapi|asyncapi)/.test(line)
      ? { status, allow: told.allow, type: told['content-type'] }
      : { status, told, text };
  }

  test('a stream that HEAD asked for is not kept open', () => assert.equal(prices.open(), 0));

  test('a client’s word about who it is counts for nothing at the gateway', async () => {
    const headers = `${CTX_HEADER}: forged\r\n`;
    assert.equal((await say(doors[1], wired(row(401, 'DELETE /things/1', headers)))).status, 401);
  });

  test('answers come in the order of their requests, also before what is none', async () => {
    for (const door of doors) {
      const said = `GET /things/2 HTTP/1.1\r\n${HOST}\r\nnonsense\r\n\r\n`;
      const { status, body } = await say(door, said);
      assert.equal(status, 200);
      assert.match(body, /"thing_id":2.*HTTP\/1\.1 400 /s);
    }
  });
});
