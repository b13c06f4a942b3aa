import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { eachEngine } from '../../../testing/engines.ts';
import { settle } from '../../../testing/settle.ts';
import { type Database, openDatabase } from '../../db/postgres/postgres.ts';
import { type BrokerWorld, KINDS, worldOn } from '../fixtures/brokers.fixture.ts';
import { assertGapIsTold, BROADCAST_PROMISES, hear, sendWhenPossible } from './broadcast.fixture.ts';

const kind = KINDS.find((one) => one.kind === 'embedded') as (typeof KINDS)[number];

eachEngine('broadcasts of the embedded bus', (engine) => {
  let world: BrokerWorld;
  let admin: Database;
  before(() => {
    admin = openDatabase(engine.url, { poolSize: 1 });
  });
  after(() => admin.close());
  beforeEach(async () => {
    world = await worldOn(kind, engine.url);
  });
  afterEach(() => world.end());

  for (const [sentence, work] of Object.entries(BROADCAST_PROMISES)) test(sentence, () => work(world));

  const sessions = () => `from pg_stat_activity where application_name = 'tradepost session'
    and datname = '${new URL(world.address.url).pathname.slice(1)}'`;

  test('a connection that is cut is a gap, and what is said after it was told is heard', () =>
    assertGapIsTold(world, () => admin.script(`select pg_terminate_backend(pid) ${sessions()}`)));

  test('a message that could not be sent is a gap for who listens, at the next one', async () => {
    const bus = await world.open();
    const { heard, gaps } = await hear(await world.open());
    await bus.broadcast('news', 1);
    await settle(() => assert.deepEqual(heard, [1]));
    const db = openDatabase(world.address.url, { poolSize: 1 });
    await db.script('alter table tradepost_bus.broadcast rename to elsewhere');
    await assert.rejects(bus.broadcast('news', 2));
    await db.script('alter table tradepost_bus.elsewhere rename to broadcast');
    await db.close();
    assert.equal(gaps(), 0);
    await sendWhenPossible(bus, 3);
    await settle(() => assert.deepEqual([heard, gaps()], [[1, 3], 1]));
  });

  test('old rows are removed by who sends', async () => {
    const bus = await world.open();
    const db = openDatabase(world.address.url, { poolSize: 1 });
    await bus.broadcast('news', 1);
    await db.script(`update tradepost_bus.broadcast set sent_at = now() - interval '10 minutes'`);
    await bus.broadcast('news', 2);
    const rows = await db.query<{ frame: string }>({ name: '', text: 'select frame from tradepost_bus.broadcast' });
    assert.deepEqual(
      rows.map(({ frame }) => JSON.parse(frame).messages),
      [[['news', 2]]],
    );
    await db.close();
  });
});
