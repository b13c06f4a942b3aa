import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { migrate } from '../../../platform/db/postgres/migrate.ts';
import { migrationSet } from '../../../platform/db/postgres/migration-set.ts';
import { type Database, openDatabase } from '../../../platform/db/postgres/postgres.ts';
import { postgresStore } from '../../../platform/db/postgres/store/store.ts';
import { type TestDatabase, testDatabase } from '../../../testing/databases.ts';
import { eachEngine } from '../../../testing/engines.ts';
import { orderContract } from '../order.contract.ts';
import { aLine, aReservation, at, TERMS } from '../order.fixture.ts';
import { cancelOrder, type OrderState, placeOrder } from '../order.model.ts';
import { orderPostgres } from '../postgres/order.repository.postgres.ts';

const ALL = migrationSet('order');
const BEFORE = { ...ALL, migrations: ALL.migrations.filter(({ name }) => !name.startsWith('0004_timeline')) };
const TRIGGERS = `select tgname as name from pg_trigger
  where not tgisinternal and tgrelid::regclass::text like 'tradepost_order.%'`;
const triggers = async (db: Database) =>
  (await db.query<{ name: string }>({ name: '', text: TRIGGERS })).map(({ name }) => name);
const alice = { id: 2, username: 'alice' };

eachEngine('the timelines of a shop whose trigger goes', (engine) => {
  let database: TestDatabase;
  let open: Database[] = [];
  before(async () => {
    database = await testDatabase(engine, { empty: true });
  });
  after(async () => {
    await Promise.all(open.map((db) => db.close()));
    await database.drop();
  });

  /** The orders of a process; one of an earlier version leaves their timelines to the trigger. */
  function aProcess(version: 'earlier' | 'this') {
    const earlier = version === 'earlier';
    const db = openDatabase(database.url, earlier ? { applicationName: 'tradepost' } : {});
    open.push(db);
    const store = postgresStore(db, orderContract);
    const withoutJournal = ((spec) => store.saver({ ...spec, journal: undefined })) as typeof store.saver;
    const orders = orderPostgres(earlier ? { ...store, saver: withoutJournal } : store);
    const place = async (): Promise<OrderState> => {
      const reservation = aReservation(await orders.ids.next(), aLine());
      return orders.save(at(), placeOrder(alice, reservation, TERMS, at()));
    };
    return { db, orders, place };
  }

  test('what was placed before, by a process of the earlier version beside it, and after is there once', async () => {
    const earlier = aProcess('earlier');
    await migrate(earlier.db, [BEFORE]);
    assert.deepEqual(await triggers(earlier.db), ['tell_announced']);
    const before = [await earlier.place(), await earlier.place()];
    const present = aProcess('this');
    await migrate(present.db, [ALL]);
    const during = [await earlier.place(), await present.place()];
    await earlier.orders.save(at(), cancelOrder(before[0] as OrderState, 'requested', at()));
    await earlier.db.close();
    open = open.filter((db) => db !== earlier.db);
    const all = [...before, ...during, await present.place()];
    await present.orders.save(at(), cancelOrder(all[1] as OrderState, 'requested', at()));
    const told = await Promise.all(all.map(({ order_id }) => present.orders.timeline.list(order_id)));
    const [placed, cancelled] = ['order.created', 'order.created order.cancelled'];
    assert.deepEqual(
      told.map((events) => events.map(({ type }) => type).join(' ')),
      [cancelled, cancelled, placed, placed, placed],
    );
  });
});

eachEngine('a shop without processes of an earlier version', (engine) => {
  test('has no trigger, and its timelines', async () => {
    const database = await testDatabase(engine);
    const db = openDatabase(database.url);
    const orders = orderPostgres(postgresStore(db, orderContract));
    const reservation = aReservation(await orders.ids.next(), aLine());
    const { order_id } = await orders.save(at(), placeOrder(alice, reservation, TERMS, at()));
    assert.deepEqual(await triggers(db), []);
    const types = (await orders.timeline.list(order_id)).map(({ type }) => type);
    assert.deepEqual(types, ['order.created']);
    await db.close();
    await database.drop();
  });
});
