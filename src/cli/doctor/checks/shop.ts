import { type DoctorCheck, fail, judgeAnswer, judgeFound, ok, warn } from '../check.ts';

/** Whether the running system is healthy. */
export const shopChecks: readonly DoctorCheck[] = [
  {
    name: 'health',
    judge: ({ health }) =>
      judgeFound(health, ({ problems }) =>
        problems.length === 0 ? ok('all is well') : fail(problems.join('; '), 'See tradepost status, and the log.'),
      ),
  },
  {
    name: 'moved stores',
    judge({ database, clickhouse }) {
      const moved = [database, clickhouse].flatMap((one) =>
        'found' in one && !('failure' in one.found) ? (one.found.moved ?? []) : [],
      );
      if (moved.length === 0) return ok('nothing has moved away');
      return fail(moved.join(' '), 'Change DB_DRIVER; or tradepost db copy, or tradepost db release.');
    },
  },
  {
    name: 'clock',
    judge({ database, health }) {
      const skews = [
        'found' in database && !('failure' in database.found) ? database.found.skewMs : undefined,
        'found' in health ? health.found.skewMs : undefined,
      ].filter((skew) => skew !== undefined);
      if (skews.length === 0) return { verdict: 'not applicable', found: 'nothing to compare it with' };
      const most = Math.max(...skews.map(Math.abs)) / 1_000;
      const found = `${most.toFixed(1)} s apart`;
      const remedy = 'Let a time service set the clocks (chrony, systemd-timesyncd).';
      if (most > 30) return fail(found, remedy);
      return most > 3 ? warn(found, remedy) : ok(found);
    },
  },
  {
    name: 'dead letters',
    judge: ({ database }) =>
      judgeAnswer(database, ({ events }) => {
        const full = events.filter(({ letters }) => letters > 0);
        return full.length === 0
          ? ok('none')
          : warn(
              full.map(({ service, letters }) => `${service} ${letters}`).join(', '),
              'See tradepost dead-letters list; mend the cause, and replay them.',
            );
      }),
  },
  {
    name: 'outbox',
    judge: ({ database }) =>
      judgeAnswer(database, ({ events }) => {
        const oldest = Math.max(0, ...events.map(({ oldest: age }) => age ?? 0));
        if (oldest < 60) return ok('nothing waits for long');
        const found = `the oldest event waits for ${Math.round(oldest / 60)} min`;
        const remedy = 'Start what is stopped, and see that the bus answers.';
        return oldest > 3_600 ? fail(found, remedy) : warn(found, remedy);
      }),
  },
];
