import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, afterEach, beforeEach, describe, test } from 'node:test';
import { hasChdb } from '../../../testing/clickhouse.ts';
import { assets } from '../../app/assets.ts';
import { readConfig } from '../../config/config.ts';
import { Degraded } from '../../observability/health.ts';
import { readMigrations } from '../migrations.ts';
import { at, make, type ToyState, toyContract } from '../postgres/store/save.fixture.ts';
import { quiet } from './clickhouse.fixture.ts';
import { lostEnds } from './lost-parts.ts';
import { migrateClickHouse } from './migrate.ts';
import { type OpenClickHouse, openClickHouse } from './open.ts';
import { clickhouseStore } from './store/store.ts';
import { spec, TOYS } from './store/toys.fixture.ts';

const skip = !hasChdb() && !process.env.CI && 'chDB is not installed';
const NOTHING = { done: [], held: [] };
const TABLES = new Map([['toy', 'toys']]);
const DATABASE = 'tradepost_toy';

/** A shop of toys that runs. */
interface Shop {
  readonly open: OpenClickHouse;
  /** Saves one with a new id, and answers the id. */
  save(name: string): Promise<number>;
  /** Brings all events that wait to the bus, and answers of which toys they tell. */
  publish(): Promise<string[]>;
  /** The folders of the parts of a table, oldest first. */
  parts(table: string): Promise<string[]>;
}

describe('a store that lost a part of a table while it was stopped', { skip }, () => {
  const root = mkdtempSync(join(tmpdir(), 'tradepost-lost-'));
  let nth = 0;
  let dataDir = '';
  let running: OpenClickHouse | undefined;
  beforeEach(() => {
    nth += 1;
    dataDir = join(root, String(nth));
  });
  afterEach(stop);
  after(() => rmSync(root, { recursive: true, force: true }));

  async function stop(): Promise<void> {
    await running?.close();
    running = undefined;
  }

  async function start(): Promise<Shop> {
    const config = readConfig({ NODE_ENV: 'test', DB_DRIVER: 'clickhouse', DATA_DIR: dataDir }, []);
    const open = await openClickHouse({ config, log: quiet, tables: TABLES });
    running = open;
    const { engine, locks, outboxes } = open;
    await open.refuseLost(['toy']);
    const migrations = readMigrations(assets, 'platform/db/clickhouse/migrations', DATABASE);
    const own = { name: '0001_toys.sql', text: TOYS.replace('TABLE', 'toys').replaceAll('{{schema}}', DATABASE) };
    await migrateClickHouse(engine, locks, [{ schema: DATABASE, migrations: [...migrations, own] }]);
    // So that a part is what one save wrote.
    await engine.command('system stop merges');
    const store = clickhouseStore(open, toyContract);
    const toys = store.states<ToyState, 'restocked'>(spec);
    const ids = store.ids('toys', { table: 'toys', column: 'toy_id' });
    return {
      open,
      async save(name) {
        const id = await ids.next();
        await toys.save(at(), make(id, { name }));
        return id;
      },
      async publish() {
        const waiting = await outboxes.next(new Map([['toy', NOTHING]]), 500);
        if (waiting.length > 0) await outboxes.next(new Map([['toy', { done: waiting, held: [] }]]), 500);
        await outboxes.flush();
        return waiting.map(({ subject }) => subject);
      },
      async parts(table) {
        const text = `select path from system.parts where active and database = {database:String}
          and table = {table:String} order by min_block_number`;
        const rows = await engine.query<{ path: string }>(text, { database: DATABASE, table });
        return rows.map(({ path }) => path.replace(/\/$/, ''));
      },
    };
  }

  /** A shop in which some toys were made and told of; it is stopped, and what it kept lies in these folders. */
  async function stopped(table = 'toys'): Promise<{ folders: string[]; ids: number[] }> {
    const shop = await start();
    const ids: number[] = [];
    for (const name of ['ball', 'kite', 'top', 'drum']) ids.push(await shop.save(name));
    assert.equal((await shop.publish()).length, ids.length);
    const folders = await shop.parts(table);
    await stop();
    return { folders, ids };
  }

  const newest = (folders: readonly string[]): string => folders.at(-1) ?? '';

  async function refused(sentence: RegExp): Promise<void> {
    await assert.rejects(start(), (error: Error) => {
      assert.equal(error.name, 'ConfigError');
      assert.match(error.message, sentence);
      assert.equal(error.message.split('\n').length, 1, 'one sentence');
      return true;
    });
    await stop();
  }

  test('is not started on a part that the engine could not read, until a person gives it up', async () => {
    const { folders } = await stopped();
    const folder = newest(folders);
    truncateSync(join(folder, 'data.bin'), 10);
    const aside = join(dirname(folder), 'detached', `broken-on-start_${basename(folder)}`);
    await refused(
      new RegExp(`set aside the part broken-on-start_${basename(folder)} of ${DATABASE}.toys \\(broken-on-start\\)`),
    );
    await refused(new RegExp(`moving the folder ${aside} away`));
    rmSync(aside, { recursive: true });
    await start();
  });

  test('nor on one that was detached by a person, of whatever table', async () => {
    const { folders } = await stopped('ids');
    const aside = join(dirname(newest(folders)), 'detached', basename(newest(folders)));
    mkdirSync(dirname(aside), { recursive: true });
    renameSync(newest(folders), aside);
    await refused(new RegExp(`set aside the part all_\\S+ of ${DATABASE}.ids \\(detached by a person\\)`));
    // As the engine calls one whose rows are in another part.
    renameSync(aside, join(dirname(aside), `ignored_${basename(aside)}`));
    await start();
  });

  test('what is made after its newest rows were lost is told of, under new ids', async () => {
    const { folders, ids } = await stopped();
    for (const folder of folders.slice(1)) rmSync(folder, { recursive: true });
    const shop = await start();
    assert.deepEqual(await shop.open.findLost(['toy']), [{ table: `${DATABASE}.toys`, last: 1, mark: 4 }]);
    const lost = new Degraded(
      `${DATABASE}.toys ends at place 1, and its events were sent up to 4: its newest rows are lost`,
    );
    await assert.rejects(shop.open.look(['toy']), lost);
    const id = await shop.save('puzzle');
    assert.ok(id > Math.max(...ids), `${id} is a new id`);
    assert.deepEqual(await shop.publish(), [String(id)]);
    assert.deepEqual(await lostEnds(shop.open.engine, TABLES), []);
    await assert.rejects(shop.open.look(['toy']), lost, 'until it is started again');
  });

  test('what is set aside while it runs is told by its health, with the tables', async () => {
    const shop = await start();
    for (const name of ['ball', 'kite']) await shop.save(name);
    assert.deepEqual(await shop.open.findLost(['toy']), []);
    const [part = ''] = await shop.parts('toys');
    await shop.open.engine.command(`alter table ${DATABASE}.toys detach part '${basename(part)}'`);
    const aside = new Degraded(`ClickHouse has set parts of ${DATABASE}.toys aside: rows are missing`);
    await assert.rejects(shop.open.look(['toy']), aside);
  });

  test('no id is given twice when what was known of them is lost', async () => {
    const { folders, ids } = await stopped('ids');
    for (const folder of folders) rmSync(folder, { recursive: true });
    const shop = await start();
    const id = await shop.save('puzzle');
    assert.ok(id > Math.max(...ids), `${id} is a new id`);
  });

  test('nor is a place, though the table loses rows while it is open', async () => {
    const shop = await start();
    const before = [await shop.save('ball'), await shop.save('kite')];
    await shop.publish();
    for (const table of ['toys', 'ids']) await shop.open.engine.command(`truncate table ${DATABASE}.${table}`);
    const ids: number[] = [];
    for (let n = 0; n < 20; n++) ids.push(await shop.save(`toy ${n}`));
    assert.ok(ids.every((id) => !before.includes(id)));
    assert.deepEqual(await shop.publish(), ids.map(String));
  });
});
