import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Order, Report } from './product.ts';

const PRODUCT = fileURLToPath(new URL('./product.ts', import.meta.url));
/** What a request may take that was taken before the change. */
const DRAIN_MS = 2_000;
/** The same at the end, as long as the product takes itself. */
const LAST_DRAIN_MS = 26_000;

/** Runs the product, one process after the other. */
export interface Supervisor {
  start(): Promise<void>;
  /** Puts the newest code in the place of what runs. `files` are what changed, as paths under src. */
  restart(files: readonly string[]): Promise<void>;
  /** Ends what runs; resolves when no process is left. */
  stop(): Promise<void>;
  /** Ends what runs without waiting for requests. */
  kill(): void;
}

interface Options {
  /** Words for `tradepost start`. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly say: (text: string) => void;
}

interface Run {
  readonly child: ChildProcess;
  readonly gone: Promise<unknown>;
}

/**
 * Keeps one process that runs and one that waits with the libraries and the platform loaded. After a change the waiting
 * one loads the other sources while the first one drains, and starts when that is gone. When it is the platform that
 * changed, the waiting one has the old one loaded, and a new one takes its place.
 */
export function supervise({ args, env, say }: Options): Supervisor {
  let current: Run | undefined;
  let spare = spawnRun(env);
  let working: Promise<void> | undefined;
  let next: readonly string[] | undefined;
  let stopping = false;

  async function launch(words: readonly string[], predecessor: Run | undefined): Promise<boolean> {
    const run = spare;
    current = run;
    const [loaded] = await Promise.all([ask(run, { load: true }), predecessor && end(predecessor, DRAIN_MS)]);
    if (stopping || loaded !== 'loaded') return false;
    return (await ask(run, { start: words })) === 'started';
  }

  /** Starts what waits, and lets the next one wait. */
  async function replace(words: readonly string[], after: string): Promise<void> {
    const began = performance.now();
    const started = await launch(words, current);
    if (stopping) return;
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    say(
      started
        ? `${after ? 're' : ''}started in ${seconds} s${after}`
        : `it does not start${after}; waiting for the next change`,
    );
    spare = spawnRun(env);
    const run = current;
    if (started)
      void run?.gone.then(() => {
        if (run === current && !stopping && working === undefined) say('it ended; waiting for the next change');
      });
  }

  function renewSpare(): void {
    spare.child.kill('SIGKILL');
    spare = spawnRun(env);
  }

  async function work(): Promise<void> {
    while (next !== undefined && !stopping) {
      const files = next;
      next = undefined;
      if (files.some(isWaitedWith)) renewSpare();
      await replace([...args, '--quiet'], ` after ${basename(files.at(-1) ?? '')}`);
    }
  }

  return {
    async start() {
      working = replace(args, '').then(work);
      await working;
      working = undefined;
    },
    async restart(files) {
      next = [...(next ?? []), ...files];
      if (working !== undefined) return;
      working = work();
      await working;
      working = undefined;
    },
    async stop() {
      stopping = true;
      spare.child.kill('SIGKILL');
      await Promise.all([spare.gone, current && end(current, LAST_DRAIN_MS)]);
    },
    kill: () => void current?.child.kill('SIGKILL'),
  };
}

/** Whether the process that waits has loaded it. */
const isWaitedWith = (file: string): boolean => file.startsWith('platform');

function spawnRun(env: NodeJS.ProcessEnv): Run {
  const child = fork(PRODUCT, {
    env: { ...env, TRADEPOST_LAUNCHER: String(process.pid) },
    execArgv: ['--max-semi-space-size=16'],
  });
  return { child, gone: once(child, 'exit') };
}

/** The answer to an order; undefined when the process ended instead. */
async function ask({ child, gone }: Run, order: Order): Promise<Report | undefined> {
  if (child.exitCode !== null || child.signalCode !== null) return undefined;
  const answered = new Promise<Report>((resolve) => child.once('message', (report) => resolve(report as Report)));
  child.send(order, () => undefined);
  return Promise.race([answered, gone.then(() => undefined)]);
}

/** Asks a process to end, and ends it when it has not after `patienceMs`. */
async function end({ child, gone }: Run, patienceMs: number): Promise<void> {
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), patienceMs);
  if (child.exitCode === null && child.signalCode === null) await gone;
  clearTimeout(late);
}
