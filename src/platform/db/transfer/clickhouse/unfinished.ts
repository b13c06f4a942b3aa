import { type ClickHouse, databaseOf } from '../../clickhouse/engine.ts';
import { mutate } from '../../clickhouse/mutation.ts';
import { movedFromClickHouse } from '../moved.ts';
import { hasClickHouseTable } from '../there.ts';
import { type Begun, refuseBegun, refuseMoved } from '../unfinished.ts';

/**
 * Throws ConfigError for services that a copy has brought to ClickHouse only in part, or has taken elsewhere. What is
 * left of copies whose tables were dropped is forgotten, if asked to.
 */
export async function refuseUnfinishedInClickHouse(
  services: readonly string[],
  engine: ClickHouse,
  forget: boolean,
): Promise<void> {
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
  const empty = refuseBegun(begun, engine.where);
  if (!forget || empty.length === 0) return;
  const last = Math.max(...begun.map((one) => one.last));
  const change = 'delete where service in {empty:Array(String)} and number <= {last:UInt64}';
  await mutate(engine, `${platform}.copy`, change, { empty, last });
}
