import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type TestDatabase, testDatabase } from '../../../../testing/databases.ts';
import { eachEngine } from '../../../../testing/engines.ts';
import { type Database, openDatabase } from '../postgres.ts';
import { raiseSequences, seriesOf } from './sequences.ts';
import { schemaOf } from './store.ts';

eachEngine('sequences that a restore left behind their tables', (engine) => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await testDatabase(engine);
    db = openDatabase(database.url, { poolSize: 1 });
  });
  after(async () => {
    await db.close();
    await database.drop();
  });

  async function raised(): Promise<string[]> {
    const told: string[] = [];
    const warn = ({ sequence }: { sequence: string }) => told.push(sequence);
    await raiseSequences(['order', 'payment', 'user'], { database: () => db }, { warn } as never);
    return told;
  }
  const valuesOf = async (sequence: string, count: number): Promise<number[]> => {
    const text = `select nextval('${sequence}') as id from generate_series(1, ${count})`;
    return (await db.query<{ id: number }>({ name: '', text })).map(({ id }) => id);
  };

  test('go on above the greatest value in use, and those that are not behind stay as they are', async () => {
    assert.deepEqual(await raised(), []);
    await db.script(`insert into tradepost_order.orders (order_id, user_id, username, items, subtotal, tax, tax_rate, total,
        currency, status, payment_status, fulfillment_status, created_at, updated_at, version, paid_total, refunded_total)
      select n, 1, 'buyer', '[]', 0, 0, '0.10', 0, 'USD', 'pending', 'not_paid', 'not_fulfilled', now(), now(), 1, 0, 0
      from generate_series(5, 40) n;
      insert into tradepost_user.dead_letter (id, consumer, event_id, type, subject, time, envelope, error, attempts, failed_at)
      overriding system value values (9, 'c', gen_random_uuid(), 't', 's', now(), '{}', 'e', 1, now());
      select setval('tradepost_order.order_ids', 7);
      select setval('tradepost_user.user_ids', 100)`);
    assert.deepEqual(await raised(), ['tradepost_order.order_ids', 'tradepost_user.dead_letter_id_seq']);
    assert.deepEqual(await valuesOf('tradepost_order.order_ids', 2), [41, 42]);
    assert.deepEqual(await valuesOf('tradepost_user.dead_letter_id_seq', 1), [10]);
    assert.deepEqual(await valuesOf('tradepost_user.user_ids', 1), [101]);
    assert.deepEqual(await raised(), []);
  });

  test('an id that came back and is in use nevertheless is forgotten', async () => {
    await db.script(`insert into tradepost_order.id_returned (sequence, id)
      values ('tradepost_order.order_ids', 3), ('tradepost_order.order_ids', 4)`);
    assert.deepEqual(await raised(), []);
    await db.script(`insert into tradepost_order.id_returned (sequence, id) values ('tradepost_order.order_ids', 7)`);
    assert.deepEqual(await raised(), ['tradepost_order.order_ids']);
    assert.deepEqual(await db.query({ name: '', text: 'select id from tradepost_order.id_returned' }), []);
  });

  test('every sequence of a service is found with the column that has its values', async () => {
    const services = ['user', 'product', 'order', 'invoice', 'payment', 'delivery', 'analytics', 'webhook'];
    const known = (await seriesOf(db, services)).map(({ sequence }) => sequence);
    const text = `select format('%I.%I', schemaname, sequencename) as name from pg_sequences
      where schemaname = any($1)`;
    const all = await db.query<{ name: string }>({ name: '', text }, [services.map(schemaOf)]);
    assert.deepEqual(
      all.map(({ name }) => name).filter((name) => !known.includes(name)),
      // It gives an order among rows and no ids: its column has no index, and no row is looked for by it.
      ['tradepost_order.timeline_nth_seq'],
    );
  });
});
