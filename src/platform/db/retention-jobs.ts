import type { Engines } from '../app/engines.ts';
import type { ScheduledJob } from '../app/jobs.ts';
import type { Bus } from '../bus/bus.ts';
import type { Config } from '../config/config.ts';

/** The jobs that keep marks, and the log of the bus, from growing for ever. */
export function forgettingJobs(
  keepers: readonly string[],
  engines: Engines,
  forget: Bus['forget'],
  config: Config,
): ScheduledJob[] {
  const marks = keepers.map((service) => forgetJob(service, engines, config));
  return forget ? [...marks, forgetLogJob(forget, config)] : marks;
}

function forgetLogJob(forget: NonNullable<Bus['forget']>, { EVENT_RETENTION_DAYS: days }: Config): ScheduledJob {
  return {
    name: 'events.forget_log',
    everySeconds: 3_600,
    async run() {
      await forget(days);
    },
  };
}

function forgetJob(service: string, engines: Engines, { EVENT_RETENTION_DAYS: days }: Config): ScheduledJob {
  return {
    name: `${service}.forget_old`,
    everySeconds: 3_600,
    async run() {
      await engines.of(service).deleteExpired(service, days);
    },
  };
}
