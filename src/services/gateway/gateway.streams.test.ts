import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { minor } from '../../platform/contract/money.ts';
import { mount } from '../../platform/http/routes.ts';
import { createServer } from '../../platform/http/server.ts';
import { messagesOf, nextOf, type Ticker, ticker, tickerContract } from '../../platform/http/sse/sse.fixture.ts';
import { seal, tokenOf, tokens } from '../../platform/http/things.fixture.ts';
import { createLog } from '../../platform/observability/log.ts';
import { clientOf } from '../../testing/client.ts';
import { gatewayRoutes } from './gateway.routes.ts';

const log = createLog({ LOG_LEVEL: 'silent', NODE_ENV: 'test' });

let service: Ticker;
let behind: ReturnType<typeof createServer>;
let gateway: ReturnType<typeof createServer>;
let url: string;

// Two processes, as far as HTTP can tell: a service with a stream, and the gateway before it.
beforeEach(async () => {
  service = ticker();
  behind = createServer(log);
  mount(behind, tickerContract, service.api, { log, tokens, seal });
  const there = await behind.listen({ host: '127.0.0.1', port: 0 });
  gateway = createServer(log);
  gatewayRoutes({ app: gateway, remotes: [{ contract: tickerContract, url: there }] });
  url = await gateway.listen({ host: '127.0.0.1', port: 0 });
});

afterEach(async () => {
  await gateway.close();
  await behind.close();
});

async function listening(): Promise<AsyncGenerator<string, void>> {
  const response = await fetch(`${url}/prices/tea`, { headers: await tokenOf('staff') });
  assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
  return messagesOf(response);
}

test('a stream of a service elsewhere comes through as it happens, with the token in either place', async () => {
  const messages = await listening();
  const { authorization = '' } = await tokenOf('staff');
  const other = messagesOf(await fetch(`${url}/prices/tea?access_token=${authorization.replace('Bearer ', '')}`));
  service.emit(minor(1_250));
  assert.deepEqual([await nextOf(messages), await nextOf(other)], ['{"price":12.50}', '{"price":12.50}']);
  service.stop();
  assert.deepEqual([await nextOf(messages), await nextOf(other)], [undefined, undefined]);
});

test('a refusal comes through as the problem that it is', async () => {
  const { status, body } = await clientOf(url).get('/prices/tea');
  assert.deepEqual([status, body.code], [401, 'TRADEPOST_UNAUTHENTICATED']);
});

test('when the client of the gateway goes, the service hears of it', async () => {
  const messages = await listening();
  service.emit(minor(100));
  await nextOf(messages);
  await messages.return();
  await service.left;
});

test('a gateway that stops ends the streams that it passes on, and does not wait for them', async () => {
  const messages = await listening();
  service.emit(minor(100));
  await nextOf(messages);
  const [end] = await Promise.all([nextOf(messages), gateway.close()]);
  assert.equal(end, undefined);
  await service.left;
});

test('a service that stops ends the streams that came through the gateway', async () => {
  const messages = await listening();
  service.emit(minor(100));
  await nextOf(messages);
  const [end] = await Promise.all([nextOf(messages), behind.close()]);
  assert.equal(end, undefined);
});

test('many who listen do not shut out those who ask', async () => {
  const all = await Promise.all(Array.from({ length: 150 }, listening));
  const { status } = await clientOf(url).get('/last-price', await tokenOf('staff'));
  assert.equal(status, 200);
  service.emit(minor(100));
  await Promise.all(all.map(nextOf));
  await Promise.all(all.map((messages) => messages.return()));
  await service.left;
});
