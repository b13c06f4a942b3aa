import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createClient } from '@redis/client';
import { readConfig } from '../../platform/config/config.ts';
import { freePort } from '../../testing/ports.ts';
import { settle } from '../../testing/settle.ts';
import { startChild } from '../../testing/world.ts';
import type { Summary } from '../status/summary.ts';
import type { Finding } from './doctor.actions.ts';
import { brokerFacts } from './gather/broker.ts';
import { certificateAt } from './gather/settings.ts';

const COMMAND = fileURLToPath(new URL('../../../bin/tradepost.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tradepost-doctor-'));
after(() => rmSync(folder, { recursive: true }));

function ran(words: readonly string[], env: Readonly<Record<string, string>>) {
  const options = { cwd: folder, env: { PATH: process.env.PATH, XDG_CONFIG_HOME: folder, ...env } };
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const child = execFile(process.execPath, [COMMAND, ...words], options, (_error, out, err) =>
      resolve({ code: child.exitCode, out, err }),
    );
  });
}

test('a shop on the embedded engine is examined while it runs and after it, and its state is told', async () => {
  const env = { DATA_DIR: join(folder, 'data'), PORT: String(await freePort()), LOG_LEVEL: 'warn' };
  const examined = async () => {
    const { out } = await ran(['doctor', '--json'], env);
    const { checks } = JSON.parse(out) as { checks: Finding[] };
    return (name: string) => checks.find((one) => one.name === name) ?? assert.fail(name);
  };
  const shop = await startChild(env);
  const running = await examined();
  assert.match(running('database').found, /^PostgreSQL 18/);
  assert.equal(running('lock').found, `held by process ${shop.pid}, which lives`);
  assert.equal(running('ports').found, `${env.PORT} ours`);
  for (const name of ['migrations', 'health', 'outbox', 'old processes'])
    assert.equal(running(name).verdict, 'ok', name);
  const status = await ran(['status', '--json'], env);
  assert.deepEqual([status.code, (JSON.parse(status.out) as Summary).condition], [0, 'ok']);
  await shop.stop();
  const stopped = await examined();
  assert.equal(stopped('ports').found, `${env.PORT} free`);
  assert.equal(stopped('database').verdict, 'not applicable');
  assert.equal(stopped('lock').found, 'free');
  assert.equal((await ran(['status', '--quiet'], env)).code, 2);
});

test('a Redis that would lose events, or takes none, is found', async () => {
  const port = await freePort();
  const redis = spawn('redis-server', ['--port', String(port), '--save', '', '--appendonly', 'no', '--dir', folder], {
    stdio: 'ignore',
  });
  const url = `redis://127.0.0.1:${port}`;
  const config = readConfig({ EVENT_BUS: 'redis', REDIS_URL: url }, []);
  const look = async () => {
    const facts = await brokerFacts(config);
    return 'found' in facts && 'what' in facts.found ? facts.found : assert.fail(JSON.stringify(facts));
  };
  try {
    const found = await settle(look);
    assert.match(found.what, /^Redis \d/);
    assert.match(found.losses?.join() ?? '', /appendonly is off/);
    const client = createClient({ url });
    await client.connect();
    await client.configSet('appendonly', 'yes');
    await client.sendCommand(['REPLICAOF', '127.0.0.1', '1']);
    client.destroy();
    assert.deepEqual([(await look()).losses, (await look()).refuses], [[], 'it is a replica, and accepts no writes']);
  } finally {
    // While it writes its first append-only file, Redis does not end at a SIGTERM.
    redis.kill('SIGKILL');
    await once(redis, 'exit');
  }
  const away = await brokerFacts(config);
  assert.ok('found' in away && 'failure' in away.found && /ECONNREFUSED/.test(away.found.failure));
});

test('a broker that is none is told, whatever it should be', async () => {
  const nobody = `127.0.0.1:${await freePort()}`;
  for (const env of [
    { EVENT_BUS: 'rabbitmq', RABBITMQ_URL: `amqp://guest:guest@${nobody}` },
    { EVENT_BUS: 'kafka', KAFKA_BROKERS: nobody },
  ]) {
    const facts = await brokerFacts(readConfig(env, []));
    assert.ok('found' in facts && 'failure' in facts.found, JSON.stringify(facts));
    assert.match(facts.found.failure, new RegExp(`^${env.EVENT_BUS}: `));
  }
});

test('a certificate that nobody has signed is not trusted, and its days are counted', async () => {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-days', '9', '-nodes'];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-keyout', key, '-out', cert, ...subject], {
    stdio: 'ignore',
  });
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `https://localhost:${(server.address() as AddressInfo).port}`;
  const { distrust, daysLeft } = await certificateAt(url);
  assert.match(distrust ?? '', /SELF_SIGNED/);
  assert.ok(daysLeft >= 8 && daysLeft <= 9, String(daysLeft));
  server.close();
});
