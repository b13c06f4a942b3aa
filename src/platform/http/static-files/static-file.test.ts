import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { FastifyInstance } from 'fastify';
import { createLog } from '../../observability/log.ts';
import { createServer } from '../server.ts';
import { serveReference } from './reference.ts';
import { serveStatic } from './static-file.ts';

const TEXT = 'word '.repeat(10_000);

interface Got {
  readonly status: number | undefined;
  readonly headers: Record<string, string | undefined>;
  readonly body: Buffer;
}

describe('static files', () => {
  let app: FastifyInstance;
  let url: string;
  let made = 0;

  before(async () => {
    app = createServer(createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' }));
    serveStatic(app, '/long', async () => {
      made++;
      return { type: 'text/plain', body: Buffer.from(TEXT) };
    });
    serveStatic(app, '/short', () => ({ type: 'text/plain', body: Buffer.from('short') }));
    let tries = 0;
    serveStatic(app, '/late', () => {
      if (tries++ === 0) throw new Error('not yet');
      return { type: 'text/plain', body: Buffer.from('at last') };
    });
    serveReference(app, 'Test');
    url = await app.listen({ host: '127.0.0.1', port: 0 });
  });
  after(() => app.close());

  function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
    return new Promise((resolve, reject) => {
      const call = request(`${url}${path}`, { method, headers }, async (answer) => {
        const body = Buffer.concat(await answer.toArray());
        resolve({ status: answer.statusCode, headers: answer.headers as Got['headers'], body });
      });
      call.on('error', reject).end();
    });
  }

  test('are made once, however many ask at once', async () => {
    const all = await Promise.all(Array.from({ length: 40 }, () => get('/long')));
    assert.deepEqual([made, new Set(all.map(({ body }) => body.toString())).size], [1, 1]);
    assert.equal(all[0]?.body.toString(), TEXT);
  });

  test('go out in the encoding that the client takes', async () => {
    const unpack = { br: brotliDecompressSync, gzip: gunzipSync };
    const cases: [string, 'br' | 'gzip' | undefined][] = [
      ['gzip, deflate, br', 'br'],
      ['GZIP', 'gzip'],
      ['br;q=0, gzip;q=0.5', 'gzip'],
      ['*', 'br'],
      ['*, br;q=0', 'gzip'],
      ['identity', undefined],
      ['', undefined],
      ['gzip;q=zero', undefined],
    ];
    for (const [accepted, encoding] of cases) {
      const { headers, body } = await get('/long', { 'accept-encoding': accepted });
      assert.equal(headers['content-encoding'], encoding, accepted);
      assert.equal(headers['content-length'], String(body.length));
      assert.equal((encoding ? unpack[encoding](body) : body).toString(), TEXT);
      assert.equal(headers.vary, 'accept-encoding');
      assert.equal(encoding !== undefined, body.length < TEXT.length / 10);
    }
    assert.equal((await get('/short', { 'accept-encoding': 'br' })).headers['content-encoding'], undefined);
  });

  test('are not sent again to a client that has them', async () => {
    const { headers } = await get('/long', { 'accept-encoding': 'br' });
    const tag = headers.etag ?? '';
    assert.match(tag, /^"[\w-]{27}-br"$/);
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*', tag.replace('-br', '-gzip')]) {
      const again = await get('/long', { 'accept-encoding': 'br', 'if-none-match': known });
      assert.deepEqual([again.status, again.body.length, again.headers.etag], [304, 0, tag], known);
    }
    assert.equal((await get('/long', { 'if-none-match': '"other"' })).status, 200);
  });

  test('answer HEAD with the headers alone', async () => {
    const { status, headers, body } = await get('/long', {}, 'HEAD');
    assert.deepEqual([status, headers['content-length'], body.length], [200, String(TEXT.length), 0]);
  });

  test('that could not be made are made at the next request', async () => {
    assert.equal((await get('/late')).status, 500);
    assert.equal((await get('/late')).body.toString(), 'at last');
  });

  test('of the reference: a page that names its script, which is good for ever under that name', async () => {
    const { status, headers } = await get('/docs');
    assert.deepEqual([status, headers.location], [301, '/docs/']);
    const page = await get('/docs/');
    assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(page.headers['cache-control'], 'no-cache');
    const [, path] = /src="(js\/scalar\.js\?v=[\w-]+)"/.exec(page.body.toString()) ?? [];
    const script = await get(`/docs/${path}`);
    assert.equal(script.headers['cache-control'], 'public, max-age=31536000, immutable');
    assert.ok(script.body.length > 1_000_000);
    assert.equal((await get('/docs/js/scalar.js')).headers['cache-control'], 'no-cache');
    assert.equal((await get('/docs/js/scalar.js?v=other')).headers['cache-control'], 'no-cache');
    assert.equal((await get('/docs/nothing')).status, 404);
  });
});
