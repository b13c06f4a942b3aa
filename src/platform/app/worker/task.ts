import { isMainThread, parentPort, workerData } from 'node:worker_threads';

/** Work that is done in threads of its own, so that the event loop goes on with everything else. */
export interface Task<I, O> {
  readonly name: string;
  /** The module that a thread loads. */
  readonly entry: string;
  /** Of the input and the output only the types matter here. */
  readonly types?: readonly [I, O];
}

/** What a thread answers. */
export type TaskOutcome<O> = { readonly output: O } | { readonly error: unknown };

/**
 * Names a task. `entry` is the `import.meta.url` of the module that calls this at its top level: a thread loads that
 * module and does `work` for each input that comes; elsewhere nothing happens.
 * Input and output are copied between the threads, so they are plain data.
 */
export function defineTask<I, O>(entry: string, name: string, work: (input: I) => Promise<O>): Task<I, O> {
  const { task } = (workerData ?? {}) as { task?: string };
  if (!isMainThread && task === name) {
    parentPort?.on('message', (input: I) => {
      work(input).then(
        (output) => parentPort?.postMessage({ output } satisfies TaskOutcome<O>),
        (error: unknown) => parentPort?.postMessage({ error } satisfies TaskOutcome<O>),
      );
    });
  }
  return { name, entry };
}
