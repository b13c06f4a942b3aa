import { assets } from '../../app/assets.ts';
import { type MigrationSet, readMigrations } from '../migrations.ts';
import { type ClickHouse, databaseOf } from './engine.ts';

/** The migrations of a service: the platform's tables first, then its own. */
export function clickhouseSet(engine: Pick<ClickHouse, 'prefix'>, service: string): MigrationSet {
  const schema = databaseOf(engine, service);
  return {
    schema,
    migrations: [
      ...readMigrations(assets, 'platform/db/clickhouse/migrations', schema),
      ...readMigrations(assets, `services/${service}/migrations/clickhouse`, schema),
    ],
  };
}
