import { hostname } from 'node:os';
import { type ClickHouse, databaseOf } from '../../clickhouse/engine.ts';
import { migrateClickHouse } from '../../clickhouse/migrate.ts';
import { clickhouseSet } from '../../clickhouse/migration-set.ts';
import type { Locks } from '../../clickhouse/writers/locks.ts';
import {
  type CopyEndpoint,
  type CopyProgress,
  copyStatusOf,
  type ProgressRow,
  placeText,
  schemaBy,
} from '../endpoint.ts';
import { forgetMovedRows, keepMovedRows, makeMovedRows, movedFromClickHouse } from '../moved.ts';
import type { Block, ClickHouseTable, CopiedTables } from '../portable.ts';
import { hasClickHouseTable } from '../there.ts';
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

interface Kept {
  readonly service: string;
  readonly name: string;
  readonly progress: CopyProgress;
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
  const platform = databaseOf(engine, 'platform');
  const progressTable = `${platform}.copy`;
  const places = placesOf(engine);

  let number: number | undefined;

  /** Rows of progress, each counting for more than all before it. */
  async function keepAll(rows: readonly Kept[], finished_at: string | null = null): Promise<void> {
    let before = number ?? (await lastOf(engine, progressTable, 'number'));
    number = before + rows.length;
    const kept = rows.map(({ service, name, progress }) => {
      const { copy, source, rows: written, done } = progress;
      before += 1;
      return { service, name, copy, source, place: placeText(progress), written, done, finished_at, number: before };
    });
    await engine.insert(progressTable, kept);
  }
  const keep = (service: string, name: string, progress: CopyProgress) => keepAll([{ service, name, progress }]);

  const progressOf = async (service: string): Promise<ProgressRow[]> =>
    (await hasClickHouseTable(engine, platform, 'copy'))
      ? engine.query<ProgressRow>(`${READ.replace('{{table}}', progressTable)}`, { service })
      : [];

  return {
    driver: 'clickhouse',
    where: () => `${engine.where}, databases ${engine.prefix}_…`,
    tables: (service) => tables.get(service) ?? [],
    async inUse(services) {
      for (const service of services) {
        const database = databaseOf(engine, service);
        if (!(await hasClickHouseTable(engine, database, 'process'))) continue;
        const seen = await engine.query<User>(USERS.replace('{{table}}', `${database}.process`));
        const user = seen.find((one) => one.host !== hostname() || (one.pid !== process.pid && isAlive(one.pid)));
        if (user) return `process ${user.pid} on ${user.host} writes ${service} in it`;
      }
      return undefined;
    },
    async hold(services) {
      await claim(services);
      await makeMovedRows(engine);
    },
    async status(service) {
      const { schema, migrations } = clickhouseSet(engine, service);
      const text = `select name from ${platform}.migration where schema = {schema:String}`;
      const ran = (await hasClickHouseTable(engine, platform, 'migration'))
        ? await engine.query<{ name: string }>(text, { schema })
        : [];
      const known = migrations.map(({ name }) => name);
      const names = ran.map(({ name }) => name);
      const [moved] = await movedFromClickHouse(engine, [service]);
      return copyStatusOf(schemaBy(names, known), await progressOf(service), moved);
    },
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
      await engine.command(MAKE.replace('{{table}}', progressTable));
    },
    begin: keep,
    async write(service, name, rows, progress) {
      const target = tables.get(service)?.find((table) => table.name === name) as ClickHouseTable | undefined;
      if (!target) throw new Error(`${service} has no table ${name}`);
      for (const block of await target.blocks(rows)) {
        const table = `${databaseOf(engine, service)}.${block.table}`;
        const token = ['copy', progress.copy, name, placeText(progress)].join(' ');
        await engine.insert(table, await places.given(table, block), token);
      }
      await keep(service, name, progress);
    },
    async finish(services) {
      for (const service of services) await skipRelay(engine, service, events.get(service));
      const open: Kept[] = [];
      for (const service of services) {
        const { progress } = copyStatusOf('ours', await progressOf(service));
        for (const [name, one] of progress) open.push({ service, name, progress: one });
      }
      await keepAll(open, new Date().toISOString());
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

async function lastOf(engine: ClickHouse, table: string, column: string): Promise<number> {
  const [row] = await engine.query<{ last: number }>(`select max(${column}) as last from ${table}`, {}, PATIENT);
  return row?.last ?? 0;
}

/** Nothing of what was copied waits: the relay begins behind it. */
async function skipRelay(engine: ClickHouse, service: string, table: string | undefined): Promise<void> {
  if (table === undefined) return;
  const database = databaseOf(engine, service);
  const last = await lastOf(engine, `${database}.${table}`, 'position');
  if (last > 0) await engine.insert(`${database}.relay`, [{ position: last }]);
}

const MAKE = `create table if not exists {{table}} (
  service String, name String, copy String, source String, place String, written UInt64, done Bool,
  finished_at Nullable(DateTime64(3, 'UTC')), number UInt64
) engine = MergeTree order by (service, name, number)
settings fsync_after_insert = 1, fsync_part_directory = 1`;

const READ = `select name, copy, source, place, written, done, finished_at from {{table}}
  where service = {service:String} order by number desc limit 1 by name`;
