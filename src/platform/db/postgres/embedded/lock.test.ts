import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { AlreadyRunning, lockDirectory } from './lock.ts';

const holder = `
  import { lockDirectory } from ${JSON.stringify(new URL('./lock.ts', import.meta.url).href)};
  try {
    lockDirectory(process.argv[1]);
    console.log('locked');
    globalThis.gc?.();
    setInterval(() => {}, 1000);
  } catch (error) {
    console.log(error.message);
  }
`;

describe('the lock of a data directory', () => {
  let dir = '';
  let children: ChildProcess[] = [];

  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'lock-test-'));
    children = [];
  });

  afterEach(async () => {
    await Promise.all(children.map(kill));
    rmSync(dir, { recursive: true, force: true });
  });

  /** Starts a process that takes the lock and keeps it; resolves to the first line that it prints. */
  async function startHolder(): Promise<{ child: ChildProcess; said: string; complained: string }> {
    const args = ['--expose-gc', '--input-type=module', '--eval', holder, dir];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    children.push(child);
    let complained = '';
    child.stderr?.on('data', (chunk) => {
      complained += chunk;
    });
    const [first] = await once(child.stdout ?? child, 'data');
    return { child, said: String(first).trim(), complained };
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  it('is refused while another process holds it, in a sentence that names the process', async () => {
    const { child, said, complained } = await startHolder();
    assert.equal(said, 'locked');
    assert.equal(complained, '');
    assert.throws(() => lockDirectory(dir), {
      name: 'AlreadyRunning',
      pid: child.pid,
      message:
        `The data directory ${dir} is in use by process ${child.pid}; ` +
        'stop it first, or set DATA_DIR to another directory for a shop of its own. ' +
        'Services of one shop in several processes need one DATABASE_URL with DB_DRIVER=postgres.',
    });
  });

  it('is free at once when its holder is killed with kill -9', async () => {
    const { child } = await startHolder();
    await kill(child);
    lockDirectory(dir).release();
  });

  it('goes to exactly one of two processes that start together', async () => {
    for (let round = 0; round < 5; round++) {
      const both = await Promise.all([startHolder(), startHolder()]);
      const winners = both.filter(({ said }) => said === 'locked');
      assert.equal(winners.length, 1);
      const loser = both.find(({ said }) => said !== 'locked');
      assert.match(loser?.said ?? '', new RegExp(`is in use by process ${winners[0]?.child.pid};`));
      await Promise.all(both.map(({ child }) => kill(child)));
    }
  });

  it('is refused a second time in the same process, and free again after release', () => {
    const lock = lockDirectory(dir);
    assert.throws(() => lockDirectory(dir), AlreadyRunning);
    lock.release();
    lock.release();
    lockDirectory(dir).release();
  });
});
