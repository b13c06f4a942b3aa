import { hostname } from 'node:os';
import { type ClickHouse, databaseOf } from '../../clickhouse/engine.ts';
import { migrateClickHouse } from '../../clickhouse/migrate.ts';
import { clickhouseSet } from '../../clickhouse/migration-set.ts';
import type { Locks } from '../../clickhouse/writers/locks.ts';
import {
  type CopyEndpoint,
  type CopyStatus,
  copyStatusOf,
  type ProgressRow,
  placeText,
  schemaBy,
} from '../endpoint.ts';
import { forgetMovedRows, keepMovedRows, makeMovedRows, movedFromClickHouse } from '../moved.ts';
import type { Block, ClickHouseTable, CopiedTables } from '../portable.ts';
import { hasClickHouseTable } from '../there.ts';
import { copyProgressIn, lastOf, type TableProgress } from './progress.ts';
import { countInClickHouse, PATIENT } from './tables.ts';

interface ClickHouseSide {
  readonly copied: ReadonlyMap<string, CopiedTables>;
  readonly engine: ClickHouse;
  readonly locks: Locks;
  /** Says that this process writes some services. Throws ConfigError when another one does. */
  readonly claim: (services: readonly string[]) => Promise<void>;
  /** Service to the table whose rows carry its events, if it announces any. */
  readonly events: ReadonlyMap<string, string | undefined>;
}

/** How whoever reads the rows knows where they came from. */
const WRITTEN_BY = 'db copy';

/**
 * ClickHouse as an end of a copy. A block is written under a token that names its page, and then the progress is: a
 * page that is written again after a kill in between is the same block, which the engine keeps once.
 */
export function clickhouseEndpoint({ copied, engine, locks, claim, events }: ClickHouseSide): CopyEndpoint {
  const tables = new Map(
    [...copied].map(([service, { clickhouse }]) => [
      service,
      clickhouse({ engine, database: databaseOf(engine, service) }),
    ]),
  );
  const places = placesOf(engine);

  const progress = copyProgressIn(engine);

  return {
    driver: 'clickhouse',
    where: () => `${engine.where}, databases ${engine.prefix}_…`,
    tables: (service) => tables.get(service) ?? [],
    inUse: (services) => writerOn(engine, services),
    async hold(services) {
      await claim(services);
      await makeMovedRows(engine);
    },
    status: async (service) => statusIn(engine, service, await progress.of(service)),
    waiting: async (service) => {
      const table = events.get(service);
      const database = databaseOf(engine, service);
      if (table === undefined) return 0;
      const text = `select sum(JSONLength(events)) as count from ${database}.${table}
        where position > (select max(position) from ${database}.relay) and events not in ('', '[]')`;
      return countInClickHouse({ engine, database }, text);
    },
    async prepare(services) {
      await migrateClickHouse(
        engine,
        locks,
        services.map((service) => clickhouseSet(engine, service)),
      );
      await progress.make();
    },
    begin: (service, name, at) => progress.keep([{ service, name, progress: at }]),
    async write(service, name, rows, at) {
      const target = tables.get(service)?.find((table) => table.name === name) as ClickHouseTable | undefined;
      if (!target) throw new Error(`${service} has no table ${name}`);
      for (const block of await target.blocks(rows)) {
        const table = `${databaseOf(engine, service)}.${block.table}`;
        const token = ['copy', at.copy, name, placeText(at)].join(' ');
        await engine.insert(table, await places.given(table, block), token);
      }
      await progress.keep([{ service, name, progress: at }]);
    },
    async finish(services) {
      for (const service of services) await skipRelay(engine, service, events.get(service));
      const open: TableProgress[] = [];
      for (const service of services) {
        const status = copyStatusOf('ours', await progress.of(service));
        for (const [name, one] of status.progress) open.push({ service, name, progress: one });
      }
      await progress.keep(open, new Date().toISOString());
    },
    keepMoved: (moved) => keepMovedRows(engine, moved),
    release: (services) => forgetMovedRows(engine, services),
    async empty(service) {
      const database = databaseOf(engine, service);
      for (const { name } of await engine.query<{ name: string }>(TABLES, { database })) {
        await engine.command(`truncate table ${database}.\`${name}\` settings max_table_size_to_drop = 0`, {}, PATIENT);
      }
      await forgetMovedRows(engine, [service]);
    },
  };
}

async function writerOn(engine: ClickHouse, services: readonly string[]): Promise<string | undefined> {
  for (const service of services) {
    const database = databaseOf(engine, service);
    if (!(await hasClickHouseTable(engine, database, 'process'))) continue;
    const seen = await engine.query<User>(USERS.replace('{{table}}', `${database}.process`));
    const user = seen.find((one) => one.host !== hostname() || (one.pid !== process.pid && isAlive(one.pid)));
    if (user) return `process ${user.pid} on ${user.host} writes ${service} in it`;
  }
  return undefined;
}

async function statusIn(engine: ClickHouse, service: string, progress: readonly ProgressRow[]): Promise<CopyStatus> {
  const platform = databaseOf(engine, 'platform');
  const { schema, migrations } = clickhouseSet(engine, service);
  const text = `select name from ${platform}.migration where schema = {schema:String}`;
  const ran = (await hasClickHouseTable(engine, platform, 'migration'))
    ? await engine.query<{ name: string }>(text, { schema })
    : [];
  const known = migrations.map(({ name }) => name);
  const names = ran.map(({ name }) => name);
  const [moved] = await movedFromClickHouse(engine, [service]);
  return copyStatusOf(schemaBy(names, known), progress, moved);
}

// Who writes here is no part of what is copied.
const TABLES = `select name from system.tables where database = {database:String} and name != 'process'
  and engine like '%MergeTree'`;

interface User {
  readonly host: string;
  readonly pid: number;
}

/** Processes that said a moment ago that they live. */
const USERS = `select host, pid from {{table}} final where gone = 0 and seen_at > now64(3) - toIntervalSecond(10)`;

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process, but a living one.
    return (error as { code?: string }).code === 'EPERM';
  }
}

/** Gives rows their places behind those that a table has. */
function placesOf(engine: ClickHouse) {
  const last = new Map<string, number>();
  return {
    async given(table: string, { rows, placed }: Block): Promise<readonly object[]> {
      if (!placed) return rows;
      const before = last.get(table) ?? (await lastOf(engine, table, 'position'));
      last.set(table, before + rows.length);
      return rows.map((row, n) => ({ ...row, position: before + n + 1, written_by: WRITTEN_BY }));
    },
  };
}

/** Nothing of what was copied waits: the relay begins behind it. */
async function skipRelay(engine: ClickHouse, service: string, table: string | undefined): Promise<void> {
  if (table === undefined) return;
  const database = databaseOf(engine, service);
  const last = await lastOf(engine, `${database}.${table}`, 'position');
  if (last > 0) await engine.insert(`${database}.relay`, [{ position: last }]);
}
