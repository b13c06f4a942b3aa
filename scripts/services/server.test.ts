import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { freePort } from '../../src/testing/ports.ts';
import { KINDS } from './index.ts';
import type { Kind } from './kind.ts';
import { converse } from './probe.ts';
import { readRecord, runningPid, startOf, writeRecord } from './record.ts';
import { startServer, stopServer } from './server.ts';
import { states } from './state.ts';

const onlyLinux = { skip: process.platform !== 'linux' && 'servers are told apart by /proc' };

// Answers its pid, so that a test sees which process it talks to.
const PROGRAM = `require('net').createServer((s) => s.end(String(process.pid))).listen(process.argv[2], '127.0.0.1')`;

const echo: Kind = {
  name: 'echo',
  title: 'Echo',
  port: 1,
  account: '',
  marker: 'echo-for-tests.cjs',
  stopSignal: 'SIGTERM',
  url: (port) => `127.0.0.1:${port}`,
  missing: () => [],
  async prepare({ dir }) {
    writeFileSync(join(dir, 'echo-for-tests.cjs'), PROGRAM);
  },
  command: ({ dir, port }) => ({ file: process.execPath, args: [join(dir, 'echo-for-tests.cjs'), String(port)] }),
  ready: ({ port }) => converse(port, async (say) => String(await say('?', (got) => got.length > 0))),
};

function folder(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'tradepost-services-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test('a server is started once, survives a kill on its data and port, and ends in order', onlyLinux, async (t) => {
  const dir = folder(t);
  const server = await startServer(echo, { dir, whileCallerLives: true });
  t.after(() => server.stop());
  assert.equal(server.version, String(server.pid));

  const found = await startServer(echo, { dir });
  assert.deepEqual([found.pid, found.port, found.found], [server.pid, server.port, true]);

  const first = server.pid;
  writeFileSync(join(dir, 'kept'), 'data');
  await server.kill();
  await assert.rejects(echo.ready(server));
  await server.restart();
  assert.notEqual(server.pid, first);
  assert.equal(await echo.ready(server), String(server.pid));
  assert.equal(readFileSync(join(dir, 'kept'), 'utf8'), 'data');

  await server.stop();
  await assert.rejects(echo.ready(server));
  assert.equal(readRecord(dir)?.pid, undefined);
});

test('a process that has the number of a dead server is never signalled', onlyLinux, async (t) => {
  const dir = folder(t);
  const stranger = spawn('sleep', ['60']);
  t.after(() => stranger.kill());
  await once(stranger, 'spawn');
  const pid = stranger.pid ?? 0;
  const record = { name: 'echo', port: 1, version: '', pid };

  writeRecord(dir, { ...record, since: startOf(pid) });
  await stopServer(echo, dir);
  assert.equal(stranger.exitCode ?? stranger.signalCode, null, 'another program, started at the recorded time');

  writeRecord(dir, { ...record, since: '1' });
  await stopServer({ ...echo, marker: 'sleep' }, dir);
  assert.equal(stranger.exitCode ?? stranger.signalCode, null, 'the same program, started at another time');

  assert.equal(runningPid({ ...record, since: startOf(pid) }, 'sleep'), pid);
});

test('a server that ends at once is reported with what it said', onlyLinux, async (t) => {
  const failing = { ...echo, command: () => ({ file: 'sh', args: ['-c', 'echo no such luck; exit 1'] }) };
  await assert.rejects(startServer(failing, { dir: folder(t) }), /Echo ended; it said:\nno such luck/);
});

test('a port that another program has is named', onlyLinux, async (t) => {
  const server = await startServer(echo, { dir: folder(t), whileCallerLives: true });
  t.after(() => server.stop());
  const second = startServer(echo, { dir: folder(t), port: server.port });
  await assert.rejects(second, {
    message: `Echo can't start: another program listens on port ${server.port} of 127.0.0.1.`,
  });
});

test('a folder with files of somebody else is not used', async (t) => {
  const dir = folder(t);
  writeFileSync(join(dir, 'letter'), 'dear …');
  await assert.rejects(startServer(echo, { dir }), /is not empty and was not made by npm run services/);
  assert.deepEqual(readdirSync(dir), ['letter']);
});

test('what is not installed is said with the command that installs it', async (t) => {
  const absent = { ...echo, missing: () => ['echo-server'] };
  await assert.rejects(
    startServer(absent, { dir: folder(t) }),
    /Echo is not installed here \(no echo-server\): npm run/,
  );
});

test('nothing is running where nothing answers', async (t) => {
  const kinds = await Promise.all(KINDS.map(async (kind) => ({ ...kind, port: await freePort() })));
  const all = await states(folder(t), kinds);
  assert.deepEqual(
    all.map(({ name, running, pid }) => [name, running, pid]),
    ['postgres', 'redis', 'rabbitmq', 'kafka'].map((name) => [name, false, undefined]),
  );
});

test('compose.yaml has every server, at the same port of this machine, in a version that stays', () => {
  const text = readFileSync('compose.yaml', 'utf8');
  for (const { name, port } of KINDS) {
    assert.match(text, new RegExp(`\\n  ${name}:\\n    image: \\S+:\\d+\\.\\d+\\S*\\n`));
    assert.match(text, new RegExp(`"127\\.0\\.0\\.1:${port}:\\d+"`));
  }
  assert.doesNotMatch(text, /latest/);
});
