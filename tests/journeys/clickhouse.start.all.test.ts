import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { testBrokers } from '../../src/platform/config/config.ts';
import { hasChdb, type TestClickHouse, theEndpoint } from '../../src/testing/clickhouse.ts';
import { freePort } from '../../src/testing/ports.ts';
import { killNow, readyAt, type Started, startCommand, startedBy } from './process.fixture.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { redis } = testBrokers();
const lacking = [
  ...(hasChdb() ? [] : ['chDB is not installed']),
  ...(redis === undefined ? ['Redis does not run'] : []),
];

if (lacking.length === 0) describe('a start on ClickHouse', starts);
else
  test('a start on ClickHouse', { skip: !process.env.CI && lacking.join(', ') }, () => {
    throw new Error(`${lacking.join(', ')}, so nothing was tested`);
  });

function starts(): void {
  let dataDir: string;
  let server: TestClickHouse;
  let prefix: string;
  const running = new Set<Started>();

  before(async () => {
    server = await theEndpoint();
  });
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'tradepost-start-'));
    prefix = `s_${randomBytes(5).toString('hex')}`;
  });
  afterEach(async () => {
    for (const one of running) killNow(one.child.pid ?? 0);
    await Promise.all([...running].map((one) => one.ended));
    rmSync(dataDir, { recursive: true, force: true });
  });

  /** One service that needs nothing but ClickHouse and a bus. */
  const settings = (): Record<string, string> => ({
    SERVICES: 'order',
    DB_DRIVER: 'clickhouse',
    DATA_DIR: dataDir,
    PORT: '0',
    ORDER_PORT: '0',
    LOG_LEVEL: 'error',
    SERVICE_SECRET: 'a secret that only this test knows',
    EVENT_BUS: 'redis',
    REDIS_URL: redis ?? '',
    KAFKA_GROUP_ID: prefix,
    KAFKA_TOPIC_PREFIX: `${prefix}-`,
  });
  const onServer = (more: Record<string, string> = {}): Record<string, string> => ({
    CLICKHOUSE_HOST: '127.0.0.1',
    CLICKHOUSE_PORT: String(server.port),
    CLICKHOUSE_PASSWORD: server.password,
    CLICKHOUSE_DB: prefix,
    ...more,
  });

  function watched(started: Started): Started {
    running.add(started);
    void started.ended.then(() => running.delete(started));
    return started;
  }
  const start = (env: Record<string, string> = {}) => watched(startCommand({ ...settings(), ...env }));

  /** The one sentence that a start that must not succeed says before it ends with code 1. */
  async function refusalOf(started: Started): Promise<string> {
    assert.equal(await started.ended, 1, started.said());
    const lines = started.said().trim().split('\n');
    assert.equal(lines.length, 1, lines.join('\n'));
    return lines[0] ?? '';
  }

  async function stop(started: Started): Promise<void> {
    started.child.kill('SIGTERM');
    assert.equal(await started.ended, 0, started.said());
  }

  test('a second process on the same embedded data is told who holds them', async (t) => {
    const first = start();
    const url = await readyAt(first);
    const times: number[] = [];
    for (let n = 0; n < 3; n++) {
      const began = performance.now();
      const sentence = await refusalOf(start());
      times.push(Math.round(performance.now() - began));
      assert.match(sentence, new RegExp(`^The data directory .* is in use by process ${first.child.pid}; .*DATA_DIR`));
    }
    t.diagnostic(`refused ${times.join(', ')} ms after the command`);
    assert.equal((await fetch(`${url}/health`)).status, 200);
    await stop(first);
  });

  test('without the package chdb it says how to add it', async () => {
    const copy = join(dataDir, 'copy');
    for (const part of ['src', 'bin', 'package.json']) cpSync(join(ROOT, part), join(copy, part), { recursive: true });
    mkdirSync(join(copy, 'node_modules'));
    for (const name of readdirSync(join(ROOT, 'node_modules')))
      if (name !== 'chdb') symlinkSync(join(ROOT, 'node_modules', name), join(copy, 'node_modules', name));
    const started = startedBy(
      spawn(process.execPath, [join(copy, 'bin/tradepost.js'), 'start'], {
        cwd: copy,
        env: { PATH: process.env.PATH, ...settings() },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
    assert.match(
      await refusalOf(watched(started)),
      /^ClickHouse in this process needs the package chdb .*`npm install --no-save chdb@[\d.]+`, or .*CLICKHOUSE_HOST\.$/,
    );
  });

  test('the native port is refused before anything is asked of it', async () => {
    const sentence = await refusalOf(start(onServer({ CLICKHOUSE_PORT: '9000' })));
    assert.match(sentence, /^CLICKHOUSE_PORT is '9000'; it takes an HTTP port such as 8123; 9000 .* native protocol/);
  });

  test('a wrong password is said, and not shown', async () => {
    const sentence = await refusalOf(start(onServer({ CLICKHOUSE_PASSWORD: 'topsecret' })));
    assert.match(
      sentence,
      /^ClickHouse at http:\/\/127\.0\.0\.1:\d+ does not let default in; check CLICKHOUSE_USER and/,
    );
    assert.equal(sentence.includes('topsecret'), false);
  });

  test('a server that is not there is said', async () => {
    const port = await freePort();
    const sentence = await refusalOf(start(onServer({ CLICKHOUSE_PORT: String(port) })));
    assert.match(
      sentence,
      new RegExp(`^ClickHouse does not answer at http://127\\.0\\.0\\.1:${port} \\(.*\\); check CLICKHOUSE_HOST,`),
    );
  });

  test('the Redis that is needed for the locks and is not there is said', async () => {
    const sentence = await refusalOf(start(onServer({ CLICKHOUSE_LOCKS: 'redis', REDIS_URL: 'redis://127.0.0.1:1' })));
    assert.match(sentence, /^Redis does not answer at 127\.0\.0\.1:1 \(.*\); check REDIS_URL/);
  });

  test('without shared locks a second process on one server is refused', async (t) => {
    const first = start(onServer());
    const url = await readyAt(first);
    const began = performance.now();
    const sentence = await refusalOf(start(onServer()));
    t.diagnostic(`refused ${Math.round(performance.now() - began)} ms after the command`);
    assert.match(
      sentence,
      new RegExp(
        `^The service order is written by process ${first.child.pid} on .* since .*; stop it, or set CLICKHOUSE_LOCKS=redis`,
      ),
    );
    assert.match(
      await refusalOf(start(onServer({ CLICKHOUSE_LOCKS: 'redis' }))),
      /with CLICKHOUSE_LOCKS=process; stop it/,
    );
    assert.equal((await fetch(`${url}/health`)).status, 200);
    await stop(first);
    await stop(await ready(start(onServer())));
  });

  test('a process that was killed keeps none out of its place on this host', async () => {
    const first = await ready(start(onServer()));
    killNow(first.child.pid ?? 0);
    await first.ended;
    await stop(await ready(start(onServer())));
  });

  test('with shared locks both run, and no other with them', async () => {
    const shared = onServer({ CLICKHOUSE_LOCKS: 'redis' });
    const both = [start(shared), start(shared)];
    await Promise.all(both.map(ready));
    assert.match(
      await refusalOf(start(onServer())),
      /with CLICKHOUSE_LOCKS=redis; stop it, or set CLICKHOUSE_LOCKS=redis/,
    );
    for (const one of both) await stop(one);
  });

  async function ready(started: Started): Promise<Started> {
    await readyAt(started);
    return started;
  }
}
