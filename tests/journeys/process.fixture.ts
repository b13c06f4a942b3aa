import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../bin/tradepost.js', import.meta.url));

/** A process of the product, as a person starts it. */
export interface Started {
  readonly child: ChildProcess;
  /** When it ends: its code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>;
  /** Everything it has written to either stream; of a fault as JSON its sentences. */
  said(): string;
}

/** Starts the command with these settings and nothing else of this environment. */
export function startCommand(env: Readonly<Record<string, string>>): Started {
  const child = spawn(process.execPath, [COMMAND, 'start', '--json'], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return startedBy(child);
}

/** What is to be known of a process that was started with pipes for what it says. */
export function startedBy(child: ChildProcess): Started {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (part: Buffer) => {
      text += part;
    });
  }
  const ended = new Promise<number | NodeJS.Signals>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? -1));
  });
  return { child, ended, said: () => text.replace(FAULT, (_line, sentence: string) => JSON.parse(sentence)) };
}

/** A fault as a command with --json tells it. */
const FAULT = /^\{"error":("(?:[^"\\]|\\.)*"),"code":"[^"]*"\}$/gm;

/** The address of the gateway, once the process answers there. */
export async function readyAt(started: Started): Promise<string> {
  let over = false;
  void started.ended.then(() => {
    over = true;
  });
  return until(() => {
    const line = /^\{"urls":.*$/m.exec(started.said());
    if (line) {
      const { urls } = JSON.parse(line[0]) as { urls: Record<string, string> };
      return urls.gateway ?? Object.values(urls)[0];
    }
    if (over) throw new Error(`it ended before it was ready:\n${started.said()}`);
    return undefined;
  }, 60_000);
}

/** Asks again and again until there is an answer. Throws after `within` milliseconds. */
export async function until<T>(
  ask: () => T | undefined | Promise<T | undefined>,
  within: number,
  what = 'it did not happen',
): Promise<T> {
  const deadline = performance.now() + within;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`${what} within ${within} ms`);
    await delay(10);
  }
}

/** The processes of the database server under a data directory (Linux; elsewhere none is seen). */
export function serversOf(dataDir: string): number[] {
  if (process.platform !== 'linux') return [];
  const cluster = join(realpathSync(dataDir), 'postgres');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && workingDirectory(name) === cluster)
    .map(Number);
}

function workingDirectory(pid: string): string | undefined {
  try {
    // A process that has ended and waits to be collected has neither.
    if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return undefined;
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

/** Ends a process that this test started, at once; one that is gone is no matter. */
export function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone already.
  }
}
