import { assets } from '../../app/assets.ts';
import { type MigrationSet, readMigrations } from '../migrations.ts';
import { schemaOf } from './store/store.ts';

/** The migrations of a service: the platform's tables first, then its own. */
export function migrationSet(service: string): MigrationSet {
  const schema = schemaOf(service);
  return {
    schema,
    migrations: [
      ...readMigrations(assets, 'platform/db/migrations', schema),
      ...readMigrations(assets, `services/${service}/migrations/postgres`, schema),
    ],
  };
}
