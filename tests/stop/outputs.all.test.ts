import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { test } from 'node:test';
import { clientOf } from '../../src/testing/client.ts';
import { freePort } from '../../src/testing/ports.ts';
import { type Started, startedBy, until } from '../journeys/process.fixture.ts';
import { COMMAND, placeFor } from './launch.fixture.ts';

const LIMIT = { timeout: 240_000 };
const STACK = /^\s+at .+:\d+:\d+/m;

const answers = (url: string) =>
  until(async () => {
    const { status } = await clientOf(url)
      .get('/health/live')
      .catch(() => ({ status: 0 }));
    return status === 200 ? true : undefined;
  }, 60_000);

test('a server whose log disk is full serves and stops', LIMIT, async (t) => {
  const place = placeFor(t);
  const port = await freePort();
  const full = openSync('/dev/full', 'w');
  const started = place.start('node', { PORT: String(port) }, full);
  closeSync(full);
  await servesAndStops(started, `http://127.0.0.1:${port}`);
  await place.noneLeft();
});

test('a server whose reader has left serves and stops', LIMIT, async (t) => {
  const place = placeFor(t);
  for (const way of ['node', 'launcher'] as const) {
    const port = await freePort();
    const started = place.start(way, { PORT: String(port) });
    started.child.stdout?.once('data', () => started.child.stdout?.destroy());
    await servesAndStops(started, `http://127.0.0.1:${port}`);
    await place.noneLeft();
  }
});

async function servesAndStops(started: Started, url: string): Promise<void> {
  await answers(url);
  for (let number = 0; number < 200; number++) {
    assert.equal((await clientOf(url).get('/products/1')).status, 200);
  }
  started.child.kill('SIGTERM');
  assert.equal(await started.ended, 0, started.said());
  assert.doesNotMatch(started.said(), STACK);
}

test('a command whose reader has seen enough ends quietly', LIMIT, async () => {
  const child = spawn(process.execPath, [COMMAND, 'config'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout?.destroy();
  const started = startedBy(child);
  assert.deepEqual([await started.ended, started.said()], [0, '']);
});

test('a command whose output is full says so in one sentence', LIMIT, () => {
  const full = openSync('/dev/full', 'w');
  const { status, stderr } = spawnSync(process.execPath, [COMMAND, 'config'], { stdio: ['ignore', full, 'pipe'] });
  closeSync(full);
  assert.equal(status, 1);
  assert.match(stderr.toString(), /^The output could not be written \(.*ENOSPC.*\)\.\n$/);
});
