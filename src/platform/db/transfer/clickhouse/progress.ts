import { type ClickHouse, databaseOf } from '../../clickhouse/engine.ts';
import { type CopyProgress, type ProgressRow, placeText } from '../endpoint.ts';
import { hasClickHouseTable } from '../there.ts';
import { PATIENT } from './tables.ts';

/** How far the copy of one table of a service has come. */
export interface TableProgress {
  readonly service: string;
  readonly name: string;
  readonly progress: CopyProgress;
}

/** Where the progress of copies into ClickHouse is kept. A row counts for more than all before it. */
export interface CopyProgressTable {
  make(): Promise<void>;
  /** The newest row of each table of a service; none where no copy has ever begun. */
  of(service: string): Promise<ProgressRow[]>;
  keep(rows: readonly TableProgress[], finished_at?: string): Promise<void>;
}

/** The progress table of an engine. */
export function copyProgressIn(engine: ClickHouse): CopyProgressTable {
  const platform = databaseOf(engine, 'platform');
  const table = `${platform}.copy`;
  let number: number | undefined;
  return {
    make: async () => {
      await engine.command(MAKE.replace('{{table}}', table));
    },
    async of(service) {
      if (!(await hasClickHouseTable(engine, platform, 'copy'))) return [];
      return engine.query<ProgressRow>(READ.replace('{{table}}', table), { service });
    },
    async keep(rows, finished_at) {
      let before = number ?? (await lastOf(engine, table, 'number'));
      number = before + rows.length;
      const kept = rows.map(({ service, name, progress }) => {
        const { copy, source, rows: written, done } = progress;
        before += 1;
        const place = placeText(progress);
        return { service, name, copy, source, place, written, done, finished_at: finished_at ?? null, number: before };
      });
      await engine.insert(table, kept);
    },
  };
}

/** The largest value of a column; 0 for an empty table. */
export async function lastOf(engine: ClickHouse, table: string, column: string): Promise<number> {
  const [row] = await engine.query<{ last: number }>(`select max(${column}) as last from ${table}`, {}, PATIENT);
  return row?.last ?? 0;
}

const MAKE = `create table if not exists {{table}} (
  service String, name String, copy String, source String, place String, written UInt64, done Bool,
  finished_at Nullable(DateTime64(3, 'UTC')), number UInt64
) engine = MergeTree order by (service, name, number)
settings fsync_after_insert = 1, fsync_part_directory = 1`;

const READ = `select name, copy, source, place, written, done, finished_at from {{table}}
  where service = {service:String} order by number desc limit 1 by name`;
