import { Worker } from 'node:worker_threads';
import { common } from '../../contract/errors.ts';
import type { Task, TaskOutcome } from './task.ts';

/** Threads for one task. They end with the process, and by themselves when there is nothing to do. */
export interface Pool<I, O> {
  /** Throws BUSY when too many wait, and UNAVAILABLE when the thread ended or took too long over it. */
  run(input: I): Promise<O>;
}

export interface WorkerPoolOptions {
  /** How many threads at most. */
  readonly threads: number;
  /** How many inputs may wait for one. */
  readonly queue: number;
  /** After how long without work a thread ends. */
  readonly idleMs: number;
  /** How much memory a thread may take, in MB; 512 when not given. */
  readonly memoryMb?: number;
}

interface Job<I, O> {
  readonly input: I;
  readonly resolve: (output: O) => void;
  readonly reject: (error: unknown) => void;
}

/** A piece of work that takes longer than this will not end. */
const TIMEOUT_MS = 30_000;
const MEMORY_MB = 512;

/** A pool of threads that start with the first work and are started again when one has ended. */
export function createPool<I, O>(
  task: Task<I, O>,
  { threads, queue, idleMs, memoryMb = MEMORY_MB }: WorkerPoolOptions,
): Pool<I, O> {
  const waiting: Job<I, O>[] = [];
  const idle: Thread<I, O>[] = [];
  let running = 0;

  function next(thread: Thread<I, O>): void {
    const job = waiting.shift();
    if (job) thread.take(job);
    else {
      idle.push(thread);
      thread.rest(idleMs, () => idle.splice(idle.indexOf(thread), 1));
    }
  }

  function ended(thread: Thread<I, O>): void {
    running--;
    const at = idle.indexOf(thread);
    if (at !== -1) idle.splice(at, 1);
    const job = waiting.shift();
    if (job) start().take(job);
  }

  function start(): Thread<I, O> {
    running++;
    return startThread(task, memoryMb, next, ended);
  }

  return {
    run: (input) =>
      new Promise((resolve, reject) => {
        const job = { input, resolve, reject };
        const free = idle.pop() ?? (running < threads ? start() : undefined);
        if (free) free.take(job);
        else if (waiting.length < queue) waiting.push(job);
        else reject(common.BUSY());
      }),
  };
}

interface Thread<I, O> {
  take(job: Job<I, O>): void;
  /** Ends after a while, if nothing is taken until then; `onEnd` is called at once. */
  rest(afterMs: number, onEnd: () => void): void;
}

function startThread<I, O>(
  { entry, name }: Task<I, O>,
  memoryMb: number,
  onFree: (thread: Thread<I, O>) => void,
  onExit: (thread: Thread<I, O>) => void,
): Thread<I, O> {
  const resourceLimits = { maxOldGenerationSizeMb: memoryMb };
  const worker = new Worker(new URL(entry), { name, workerData: { task: name }, resourceLimits });
  let job: Job<I, O> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let cause: unknown;
  const thread: Thread<I, O> = {
    take(given) {
      job = given;
      clearTimeout(timer);
      timer = setTimeout(() => {
        cause = new Error(`the thread of ${name} took longer than ${TIMEOUT_MS / 1000} s`);
        void worker.terminate();
      }, TIMEOUT_MS).unref();
      worker.ref();
      worker.postMessage(given.input);
    },
    rest(afterMs, onEnd) {
      timer = setTimeout(() => {
        onEnd();
        void worker.terminate();
      }, afterMs).unref();
      // Nobody waits for it: it keeps no process from its end.
      worker.unref();
    },
  };
  worker.on('message', (outcome: TaskOutcome<O>) => {
    const done = job;
    job = undefined;
    clearTimeout(timer);
    if ('output' in outcome) done?.resolve(outcome.output);
    else done?.reject(outcome.error);
    onFree(thread);
  });
  worker.on('error', (error) => {
    cause = error;
  });
  worker.once('exit', () => {
    clearTimeout(timer);
    onExit(thread);
    cause ??= new Error(`the thread of ${name} ended`);
    job?.reject(Object.assign(common.UNAVAILABLE(), { cause }));
  });
  return thread;
}
