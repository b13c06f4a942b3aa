import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { killNow, type Started, serversOf, startedBy, until } from '../journeys/process.fixture.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const COMMAND = join(ROOT, 'bin/tradepost.js');
const SETTINGS = { PORT: '0', BCRYPT_COST: '4', LOG_LEVEL: 'info', PATH: process.env.PATH ?? '' };
const OLD_NODE = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.0.0' } })";

/** How a person starts it: under this Node, under one that hands over to a newer one, or through npm. */
export type Way = 'node' | 'launcher' | 'npm';

const COMMANDS: Record<Way, readonly [string, ...string[]]> = {
  node: [process.execPath, COMMAND, 'start', '--json'],
  launcher: [process.execPath, '--import', `data:text/javascript,${OLD_NODE}`, COMMAND, 'start', '--json'],
  npm: ['npm', 'start', '--silent', '--', '--json'],
};

export interface Place {
  readonly dataDir: string;
  /** `stdout` is a descriptor for what it says, in place of a pipe. */
  start(way: Way, env?: Record<string, string>, stdout?: number): Started;
  /** Waits until no database server of it runs. */
  noneLeft(): Promise<void>;
}

/** A data directory for one test, with everything that was started on it ended at the end. */
export function placeFor(t: TestContext): Place {
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-stop-'));
  const started: Started[] = [];
  const noneLeft = async () => {
    await until(() => (serversOf(dataDir).length === 0 ? true : undefined), 30_000, 'the database server was left');
  };
  t.after(async () => {
    for (const { child, said } of started) {
      killNow(child.pid ?? 0);
      const pid = pidOf(said());
      if (pid !== undefined) killNow(pid);
    }
    await noneLeft();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const start = (way: Way, env: Record<string, string> = {}, stdout: number | 'pipe' = 'pipe') => {
    const [command, ...args] = COMMANDS[way];
    const child = spawn(command, args, {
      cwd: ROOT,
      env: { HOME: dataDir, ...SETTINGS, DATA_DIR: dataDir, ...env },
      stdio: ['ignore', stdout, 'pipe'],
    });
    const one = startedBy(child);
    started.push(one);
    return one;
  };
  return { dataDir, noneLeft, start };
}

/** The process that serves, as it says itself. */
export function pidOf(said: string): number | undefined {
  const line = /^\{"urls":.*$/m.exec(said)?.[0];
  return line === undefined ? undefined : (JSON.parse(line) as { pid: number }).pid;
}

/** Waits until a process that is no child of ours has ended. */
export async function goneBy(pid: number): Promise<void> {
  await until(() => (runs(pid) ? undefined : true), 60_000, `process ${pid} still runs`);
}

function runs(pid: number): boolean {
  if (process.platform === 'linux') {
    if (!readdirSync('/proc').includes(String(pid))) return false;
    try {
      return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    } catch {
      return false;
    }
  }
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
