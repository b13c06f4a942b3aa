import { randomBytes } from 'node:crypto';
import { container } from '../container.ts';
import { modulesOf } from '../platform/app/app.ts';
import { busMigrations } from '../platform/bus/open-bus.ts';
import type { TestEngine } from '../platform/config/config.ts';
import { migrate } from '../platform/db/postgres/migrate.ts';
import { migrationSet } from '../platform/db/postgres/migration-set.ts';
import { openDatabase } from '../platform/db/postgres/postgres.ts';

/** The name of the migrated database that every test database is a copy of. */
const TEMPLATE = 'tradepost_template';

/** Makes the template on a server, once. */
export async function prepareTemplate(url: string): Promise<void> {
  const admin = openDatabase(url, { poolSize: 1 });
  await admin.script(`create database ${TEMPLATE}`);
  await admin.close();
  const db = openDatabase(withDatabase(url, TEMPLATE));
  const services = modulesOf(container).filter(({ stores }) => stores);
  await migrate(db, [busMigrations(), ...services.map(({ contract }) => migrationSet(contract.name))]);
  await db.close();
}

/** A database of one's own, migrated and empty; `drop` ends it. */
export interface TestDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** Copies the template, or with `empty` makes a database without anything in it. */
export async function testDatabase(on: TestEngine, options: { empty?: boolean } = {}): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const admin = openDatabase(on.url, { poolSize: 1 });
  await admin.script(`create database ${name} template ${options.empty ? 'template0' : TEMPLATE}`);
  return {
    url: withDatabase(on.url, name),
    async drop() {
      await admin.script(`drop database ${name} with (force)`);
      await admin.close();
    },
  };
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
