import { VERSION } from '../../../platform/app/version.ts';
import { type DoctorCheck, fail, judgeAnswer, judgeFound, none, ok, warn } from '../check.ts';

/** Whether the servers of the settings answer, and are suitable. */
export const serverChecks: readonly DoctorCheck[] = [
  {
    name: 'ports',
    judge: ({ ports }) =>
      judgeFound(ports, (all) => {
        for (const { port, state, holder, services } of all) {
          const setting = services.includes('gateway') ? 'PORT' : `${services[0]?.toUpperCase()}_PORT`;
          if (state === 'taken') {
            return fail(
              `${port} is taken by ${holder ?? 'another program'}`,
              `Stop it, or set ${setting} to another one.`,
            );
          }
          if (state === 'forbidden') return fail(`${port} is not for this user`, `Set ${setting} to one above 1023.`);
          if (state === 'no address') return fail('HOST is no address of this machine', 'Correct HOST.');
        }
        const ours = all.filter(({ state }) => state === 'ours').map(({ port }) => port);
        return ok(ours.length > 0 ? `${ours.join(', ')} ours` : `${all.map(({ port }) => port).join(', ')} free`);
      }),
  },
  {
    name: 'old processes',
    judge: ({ ports }) =>
      judgeFound(ports, (all) => {
        const old = all.find(({ state, version }) => state === 'ours' && version !== undefined && version !== VERSION);
        if (old) {
          return warn(`version ${old.version} runs at ${old.port}, this is ${VERSION}`, 'Restart it.');
        }
        const stuck = all.find(({ state, holder }) => state === 'taken' && /tradepost/.test(holder ?? ''));
        return stuck
          ? fail(`${stuck.holder} holds ${stuck.port} and does not answer`, 'Stop that process, and start again.')
          : ok('none');
      }),
  },
  {
    name: 'database',
    judge: ({ database }) =>
      judgeFound(database, (found) => {
        if ('failure' in found) return fail(found.failure, 'Start the server, or correct DATABASE_URL or POSTGRES_….');
        if (Number(found.version.split('.')[0]) < 15)
          return warn(`PostgreSQL ${found.version}`, 'Use version 15 or newer.');
        if (found.encoding !== 'UTF8') return fail(`its encoding is ${found.encoding}`, 'Make a database with UTF8.');
        return found.readOnly
          ? fail('it is read-only', 'Name the primary server, or unset default_transaction_read_only.')
          : ok(`PostgreSQL ${found.version}, ${found.encoding}`);
      }),
  },
  {
    name: 'migrations',
    judge({ database, clickhouse }) {
      const stores = [database, clickhouse].flatMap((one) =>
        'found' in one && !('failure' in one.found) ? [one.found] : [],
      );
      if (stores.length === 0) return none('no store answers');
      const changed = stores.find((one) => one.changed)?.changed;
      const newer = stores.flatMap((one) => one.newer ?? []);
      const pending = stores.flatMap((one) => one.pending ?? []);
      if (changed) return fail(changed, 'Put the file back, and write a new migration.');
      if (newer.length > 0)
        return fail(`${newer.length} of a newer version have run`, 'Use that version of Tradepost.');
      return pending.length > 0
        ? warn(`${pending.length} have not run`, 'Run tradepost migrate; the next start does it too.')
        : ok('all have run');
    },
  },
  {
    name: 'connections',
    judge: ({ database }) =>
      judgeAnswer(database, ({ connections, mostConnections }) => {
        const left = mostConnections - connections;
        const found = `${left} of ${mostConnections} left`;
        if (left < 3) return fail(found, 'Raise max_connections, or lower DB_POOL_SIZE.');
        return left < 20 ? warn(found, 'Raise max_connections, or lower DB_POOL_SIZE.') : ok(found);
      }),
  },
  {
    name: 'broker',
    judge: ({ broker }) =>
      judgeFound(broker, (found) => {
        if ('failure' in found) return fail(found.failure, 'Start it, or correct its URL; events wait meanwhile.');
        return found.refuses
          ? fail(`${found.what}: ${found.refuses}`, 'Free its disk or memory; events wait meanwhile.')
          : ok(found.what);
      }),
  },
  {
    name: 'Redis persistence',
    judge: ({ broker }) =>
      judgeAnswer(broker, ({ losses, what }) => {
        if (losses === undefined) return { verdict: 'not applicable', found: `the bus is ${what}` };
        return losses.length > 0
          ? warn(losses.join('; '), 'Set appendonly yes and maxmemory-policy noeviction.')
          : ok('appendonly, noeviction');
      }),
  },
  {
    name: 'ClickHouse',
    judge: ({ clickhouse }) =>
      judgeFound(clickhouse, (found) =>
        'failure' in found
          ? fail(found.failure, 'Run npm run add:chdb, or start the server and correct CLICKHOUSE_….')
          : ok(found.what),
      ),
  },
];
