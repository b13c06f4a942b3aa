import { threadId } from 'node:worker_threads';
import { defineTask } from './task.ts';

/** What the thread of a test is told to do; `until` holds it until another thread has written to the shared memory. */
export type TestOrder =
  | { readonly what: 'answer' | 'fail' | 'crash' | 'exit' | 'hoard' }
  | { readonly what: 'wait'; readonly until: Int32Array };

/** Answers with the number of its thread. */
export const testTask = defineTask(import.meta.url, 'test', async (order: TestOrder): Promise<number> => {
  if (order.what === 'wait') Atomics.wait(order.until, 0, 0);
  if (order.what === 'hoard') for (const all: object[] = []; ; ) all.push({ more: all.length });
  if (order.what === 'fail') throw new Error('it failed');
  if (order.what === 'crash') setImmediate(() => JSON.parse('no JSON'));
  if (order.what === 'exit') process.exit(3);
  if (order.what === 'crash') await new Promise(() => undefined);
  return threadId;
});
