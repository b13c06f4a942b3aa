import assert from 'node:assert/strict';
import { type Database, openDatabase } from '../../src/platform/db/postgres/postgres.ts';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { type TestDatabase, testDatabase } from '../../src/testing/databases.ts';
import { type World, world } from '../../src/testing/world.ts';
import { PASSWORD } from './old-tables.fixture.ts';

export const SERVICES = ['user', 'product', 'order', 'invoice'];
const OLD = ['users', 'products', 'orders', 'invoices'];

/** A database with what `sql` makes in it, and a system on it. */
export class Old {
  readonly database: TestDatabase;
  readonly db: Database;
  #world: World | undefined;

  constructor(database: TestDatabase) {
    this.database = database;
    this.db = openDatabase(database.url, { poolSize: 2 });
  }

  static async with(engine: Parameters<typeof testDatabase>[0], sql: string): Promise<Old> {
    const old = new Old(await testDatabase(engine, { empty: true }));
    await old.db.script(sql);
    return old;
  }

  /** Starts the system; the one that runs is stopped before. */
  async start(env: Record<string, string> = {}): Promise<World> {
    await this.#world?.close();
    this.#world = await world({ database: this.database, env });
    return this.#world;
  }

  /** The system that runs. */
  get world(): World {
    if (!this.#world) throw new Error('it was not started');
    return this.#world;
  }

  async signIn(username: string): Promise<TestClient> {
    const { url, guest } = this.world;
    const { status, body } = await guest.post('/login', { username, password: PASSWORD });
    assert.equal(status, 200, `${username}: ${JSON.stringify(body)}`);
    return clientOf(url, body.token, body.id);
  }

  async rows<T extends object = Record<string, unknown>>(text: string): Promise<T[]> {
    return this.db.query<T>({ name: '', text });
  }

  /** Everything in the old tables that there are. */
  async untouched(): Promise<unknown> {
    const found: unknown[] = [];
    for (const table of OLD) {
      const [there] = await this.rows<{ yes: boolean }>(`select to_regclass('public.${table}') is not null as yes`);
      if (there?.yes)
        found.push(table, await this.rows(`select to_json(t.*) as row from public.${table} t order by 1::int`));
    }
    return found;
  }

  /** The report of a service, as `3 'name': problem`. */
  async report(service: string): Promise<string[]> {
    const rows = await this.rows<{ line: string }>(
      `select coalesce(old_id::text, '') || ' ''' || name || ''': ' || problem as line
       from tradepost_${service}.takeover_report order by old_id, problem`,
    );
    return rows.map(({ line }) => line);
  }

  async close(): Promise<void> {
    await this.#world?.close();
    await this.db.close();
    await this.database.drop();
  }
}
