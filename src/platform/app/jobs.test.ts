import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Ctx } from '../contract/contract.ts';
import { createLog } from '../observability/log.ts';
import { schedulable, startJobs } from './jobs.ts';

/** A job whose runs end when the test says so. */
function aJob(everySeconds = 60) {
  const runs: PromiseWithResolvers<void>[] = [];
  return {
    name: 'test.job',
    everySeconds,
    run() {
      const one = Promise.withResolvers<void>();
      runs.push(one);
      return one.promise;
    },
    runs,
  };
}

function aLog() {
  const lines: string[] = [];
  const log = createLog({ LOG_LEVEL: 'info', NODE_ENV: 'test' }, { write: (line) => void lines.push(line) });
  return { log, lines };
}

/** Lets everything that is waiting for a promise go on. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function clock(t: TestContext): (seconds: number) => Promise<void> {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  return async (seconds) => {
    t.mock.timers.tick(seconds * 1000);
    await turn();
  };
}

test('a job runs for the first time after one interval, and then after every one', async (t) => {
  const pass = clock(t);
  const job = aJob(60);
  const jobs = startJobs([job], aLog().log);
  await pass(59);
  assert.equal(job.runs.length, 0);
  for (let count = 1; count <= 3; count++) {
    await pass(count === 1 ? 1 : 60);
    assert.equal(job.runs.length, count);
    job.runs[count - 1]?.resolve();
    await turn();
  }
  await jobs.stop();
});

test('two runs of a job are never under way at once, and jobs do not wait for each other', async (t) => {
  const pass = clock(t);
  const [slow, other] = [aJob(10), aJob(10)];
  const jobs = startJobs([slow, other], aLog().log);
  await pass(10);
  other.runs[0]?.resolve();
  await turn();
  for (let i = 0; i < 3; i++) await pass(10);
  assert.deepEqual([slow.runs.length, other.runs.length], [1, 2]);
  slow.runs[0]?.resolve();
  await turn();
  await pass(10);
  assert.equal(slow.runs.length, 2);
  for (const { runs } of [slow, other]) for (const run of runs) run.resolve();
  await jobs.stop();
});

test('a job that fails is told by its name, and runs again', async (t) => {
  const pass = clock(t);
  const { log, lines } = aLog();
  const job = aJob(10);
  const jobs = startJobs([job], log);
  await pass(10);
  job.runs[0]?.reject(new Error('no luck'));
  await turn();
  await pass(10);
  assert.equal(job.runs.length, 2);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /"job":"test\.job".*a job failed/);
  job.runs[1]?.resolve();
  await jobs.stop();
});

test('stopping waits for the run on its way, and starts none', async (t) => {
  const pass = clock(t);
  const [busy, idle] = [aJob(10), aJob(20)];
  const jobs = startJobs([busy, idle], aLog().log);
  await pass(10);
  let stopped = false;
  const stopping = jobs.stop().then(() => {
    stopped = true;
  });
  await turn();
  assert.equal(stopped, false);
  busy.runs[0]?.resolve();
  await stopping;
  await pass(100);
  assert.deepEqual([busy.runs.length, idle.runs.length], [1, 0]);
});

test('a job of a service runs as the system, at its own moment and under the name of both', async () => {
  const calls: unknown[] = [];
  const api = { wind: async (ctx: Ctx) => void calls.push([ctx.actor.kind, ctx.cause, Object.isFrozen(ctx)]) };
  const [job] = schedulable('clock', api, [{ name: 'wind', everySeconds: 60, run: (own, ctx) => own.wind(ctx) }]);
  await job?.run();
  assert.deepEqual([job?.name, job?.everySeconds, calls], ['clock.wind', 60, [['system', undefined, true]]]);
});
