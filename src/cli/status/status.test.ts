import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, afterEach, before, test } from 'node:test';
import { VERSION } from '../../platform/app/version.ts';
import { readConfig } from '../../platform/config/config.ts';
import type { Condition } from '../../platform/observability/health.ts';
import { freePort } from '../../testing/ports.ts';
import { type World, world } from '../../testing/world.ts';
import { runCommand } from '../commands.fixture.ts';
import { samplesIn } from './metrics.ts';
import type { Summary } from './summary.ts';
import { serverAddresses } from './system-status.ts';

let shop: World;
const servers: Server[] = [];

before(async () => {
  shop = await world();
});
after(() => shop.close());
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Something that answers at /health as a system in this condition does. */
async function systemThat(status: Condition, checks: object, services?: object): Promise<string> {
  const server = createServer((request, response) => {
    const answer = request.url === '/health' ? { status, service: 'gateway', timestamp: '', checks, services } : {};
    response.writeHead(request.url === '/health' && status !== 'down' ? 200 : 503).end(JSON.stringify(answer));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const status = async (url: string, ...words: string[]) => {
  const { code, out, err } = await runCommand(['status', '--url', url, '--json', ...words]);
  assert.equal(err, '');
  return { code, summary: JSON.parse(out) as Summary };
};

test('what runs is told with its engines, its version and since when, to anybody', async () => {
  const { code, summary } = await status(shop.url);
  assert.deepEqual([code, summary.condition, summary.problems], [0, 'ok', []]);
  assert.deepEqual(summary.dead_letters, null);
  const order = summary.services.find(({ service }) => service === 'order');
  assert.deepEqual([order?.condition, order?.version], ['ok', VERSION]);
  assert.ok(Date.parse(order?.since ?? '') <= Date.now());
  const database = summary.engines.find(({ role }) => role === 'database');
  assert.match(`${database?.engine} ${database?.version}`, /^PostgreSQL \d+\.\d+$/);
  assert.ok(database?.services.includes('order'));
  assert.ok(summary.engines.some(({ role, engine }) => role === 'bus' && engine === 'the log in PostgreSQL'));
  const { out } = await runCommand(['status', '--url', shop.url]);
  assert.match(out, /^Everything runs\.\n\nservice +condition +url/);
  assert.match(out, /After a sign-in of the staff .*dead letters/);
});

test('a member of the staff is told the dead letters too, and a customer that they are not for them', async () => {
  const [admin, mallory] = [await shop.as('admin'), await shop.as('mallory')];
  const { summary } = await status(shop.url, '--token', admin.token ?? '');
  assert.equal(summary.dead_letters?.order, 0);
  const { out, code } = await runCommand(['status', '--url', shop.url, '--token', mallory.token ?? '']);
  assert.equal(code, 0);
  assert.match(out, /Information for the staff is not shown: the dead letters are for the staff/);
});

test('what is degraded or down is told with the part that is wrong, and ends with 1', async () => {
  const degraded = await status(await systemThat('degraded', { database: 'ok', events: '12 events wait' }));
  assert.deepEqual([degraded.code, degraded.summary.condition], [1, 'degraded']);
  assert.match(degraded.summary.problems.join(), /^events at .*: 12 events wait$/);
  const down = await status(await systemThat('down', { database: 'does not answer' }));
  assert.deepEqual([down.code, down.summary.condition], [1, 'down']);
  const checks = { order: 'down: refuses the connection', invoice: 'ok', product: 'degraded: events: they wait' };
  const services = { order: { status: 'down' }, invoice: { status: 'ok' }, product: { status: 'degraded' } };
  const { code, summary } = await status(await systemThat('degraded', checks, services));
  const conditionOf = (name: string) => summary.services.find(({ service }) => service === name)?.condition;
  assert.deepEqual(['order', 'invoice', 'product'].map(conditionOf), ['down', 'ok', 'degraded']);
  assert.deepEqual([code, summary.condition, summary.problems.length], [1, 'down', 2]);
  assert.match(summary.problems.join(), /order at http:.*: down: refuses the connection/);
});

test('nothing that runs ends with 2, and so does what is something else', async () => {
  const nobody = await status(`http://127.0.0.1:${await freePort()}`);
  assert.deepEqual([nobody.code, nobody.summary.condition], [2, 'not_running']);
  const { code, out } = await runCommand(['status', '--url', `http://127.0.0.1:${await freePort()}`]);
  assert.equal(code, 2);
  assert.match(out, /^Nothing of Tradepost runs here\./);
  const stranger = createServer((_request, response) => response.end('<h1>hello</h1>'));
  servers.push(stranger);
  await new Promise<void>((resolve) => stranger.listen(0, '127.0.0.1', resolve));
  const other = await status(`http://127.0.0.1:${(stranger.address() as AddressInfo).port}`);
  assert.equal(other.code, 2);
  assert.match(other.summary.problems.join(), /what answers is not Tradepost/);
});

test('services are looked for where the settings have them', () => {
  const names = ['order', 'user', 'gateway'];
  const known = names.map((name) => ({ name }));
  const whole = serverAddresses(readConfig({ PORT: '9000' }, known), {});
  assert.deepEqual(whole[0], { url: 'http://localhost:9000', services: names });
  const apart = serverAddresses(
    readConfig({ SERVICES: 'order', ORDER_PORT: '4001', USER_URL: 'https://u.example/' }, known),
    {},
  );
  const urls = Object.fromEntries(apart.map(({ url, services }) => [services.join(), url]));
  assert.equal(urls.order, 'http://localhost:4001');
  assert.equal(urls.user, 'https://u.example');
});

test('the text that Prometheus reads is read', () => {
  const text = '# HELP a b\na_total{x="1",y="q\\"u"} 3\nplain 1.5e3\n\nnonsense\n';
  assert.deepEqual(samplesIn(text), [
    { name: 'a_total', labels: { x: '1', y: 'q"u' }, value: 3 },
    { name: 'plain', labels: {}, value: 1500 },
  ]);
});
