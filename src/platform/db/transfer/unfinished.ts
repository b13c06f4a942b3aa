import type { Engines } from '../../app/engines.ts';
import { ConfigError } from '../../config/config.ts';
import { type ClickHouse, databaseOf } from '../clickhouse/engine.ts';
import { mutate } from '../clickhouse/mutation.ts';
import type { Database } from '../postgres/postgres.ts';
import { type Moved, movedFromClickHouse, movedFromPostgres, movedSentence } from './moved.ts';
import { PROGRESS } from './postgres/endpoint.ts';
import { hasClickHouseTable, LEDGER, rowsIf } from './there.ts';

/** A service into which a copy was begun and not finished, and whether its tables are still there. */
interface Begun {
  readonly service: string;
  readonly there: boolean;
}

type Stores = Pick<Engines, 'isOnClickHouse' | 'database'> & { clickhouse(): { readonly engine: ClickHouse } };

/**
 * Refuses what `tradepost db copy` has written a part of: what is missing would be taken for what never was, and ids
 * would be given twice. Refuses as well what such a copy has taken elsewhere: there would be two of it. Asked before
 * anything is written. Throws ConfigError. What is left of copies whose tables were dropped is forgotten, unless told.
 */
export async function refuseUnfinished(services: readonly string[], stores: Stores, forget = true): Promise<void> {
  const rows = services.filter(stores.isOnClickHouse);
  const rest = services.filter((service) => !rows.includes(service));
  for (const [db, here] of Map.groupBy(rest, stores.database)) {
    refuseMoved(await movedFromPostgres(db, here), 'PostgreSQL', 'postgres');
    const empty = refuse(await begunInPostgres(db, here), 'PostgreSQL');
    if (forget && empty.length > 0) await db.query({ name: '', text: FORGET }, [empty]);
  }
  if (rows.length > 0) await refuseInClickHouse(stores.clickhouse().engine, rows, forget);
}

function refuseMoved(moved: readonly Moved[], where: string, store: 'postgres' | 'clickhouse'): void {
  if (moved.length > 0) throw new ConfigError([movedSentence(moved, where, store)]);
}

/** Those whose tables were dropped, and with them all that a copy could go on with. */
function refuse(begun: readonly Begun[], where: string): string[] {
  const half = begun.filter(({ there }) => there).map(({ service }) => service);
  if (half.length === 0) return begun.map(({ service }) => service);
  throw new ConfigError([
    `\`tradepost db copy\` has not finished bringing ${half.join(', ')} to ${where}: run it again, or empty the place (docs/moving-stores.md says how).`,
  ]);
}

const HAS_RUN = `exists (select 1 from ${LEDGER} m where m.schema = 'tradepost_' || c.service)`;

const begunInPostgres = (db: Database, services: readonly string[]): Promise<Begun[]> =>
  rowsIf<Begun>(
    db,
    PROGRESS,
    `select service, bool_or(${HAS_RUN}) as there from ${PROGRESS} c
      where finished_at is null and service = any($1) group by service order by service`,
    [services],
  );

// Asked again: a copy that begins at this moment has made the tables before it keeps anything here.
const FORGET = `delete from ${PROGRESS} c where finished_at is null and service = any($1) and not ${HAS_RUN}`;

async function refuseInClickHouse(engine: ClickHouse, services: readonly string[], forget: boolean): Promise<void> {
  refuseMoved(await movedFromClickHouse(engine, services), engine.where, 'clickhouse');
  const platform = databaseOf(engine, 'platform');
  if (!(await hasClickHouseTable(engine, platform, 'copy'))) return;
  const text = `select service, max(last) as last, toBool(concat({prefix:String}, '_', service) in (
        select schema from ${platform}.migration)) as there
    from (
      select service, max(number) as last, argMax(finished_at is null, number) as open from ${platform}.copy
      where service in {services:Array(String)} group by service, name)
    where open group by service order by service`;
  const params = { services, prefix: engine.prefix };
  const begun = await engine.query<Begun & { last: number }>(text, params);
  const empty = refuse(begun, engine.where);
  if (!forget || empty.length === 0) return;
  const last = Math.max(...begun.map((one) => one.last));
  const change = 'delete where service in {empty:Array(String)} and number <= {last:UInt64}';
  await mutate(engine, `${platform}.copy`, change, { empty, last });
}
