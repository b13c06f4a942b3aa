import type { Ctx } from '../contract/contract.ts';
import { systemCtx } from '../contract/ctx.ts';
import type { Log } from '../observability/log.ts';

/** Work that a service does by itself, again and again: one line of its module. `S` is what it calls. */
export interface Job<S = never> {
  /** `settle_reservations`; in the log it is `order.settle_reservations`. */
  readonly name: string;
  readonly everySeconds: number;
  /** Calls an operation or an internal action of its own service, as the system. */
  readonly run: (service: S, ctx: Ctx) => Promise<unknown>;
}

/** A job with all that it needs. Two runs of one never overlap in a process. */
export interface ScheduledJob {
  /** `order.settle_reservations`. */
  readonly name: string;
  readonly everySeconds: number;
  run(): Promise<unknown>;
}

/** The jobs of a service, as they are run: each with a context of its moment. */
export function schedulable<S>(service: string, api: S, jobs: readonly Job<S>[]): ScheduledJob[] {
  return jobs.map(({ name, everySeconds, run }) => ({
    name: `${service}.${name}`,
    everySeconds,
    run: () => run(api, systemCtx()),
  }));
}

/** Runs each job again and again: never two runs of one at once, the first after one interval. */
export function startJobs(jobs: readonly ScheduledJob[], log: Log): { stop(): Promise<void> } {
  let stopped = false;
  const timers = new Set<NodeJS.Timeout>();
  const running = new Set<Promise<unknown>>();

  function schedule(job: ScheduledJob): void {
    if (stopped) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      const run = job
        .run()
        .catch((error: unknown) => log.error({ err: error, job: job.name }, 'a job failed; it will run again'))
        .finally(() => {
          running.delete(run);
          schedule(job);
        });
      running.add(run);
    }, job.everySeconds * 1000);
    timer.unref();
    timers.add(timer);
  }

  for (const job of jobs) schedule(job);
  return {
    async stop() {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
      await Promise.all(running);
    },
  };
}
