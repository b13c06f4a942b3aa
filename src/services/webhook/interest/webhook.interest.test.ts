import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { readConfig } from '../../../platform/config/config.ts';
import type { Ctx } from '../../../platform/contract/contract.ts';
import { type Database, openDatabase } from '../../../platform/db/postgres/postgres.ts';
import { postgresStore } from '../../../platform/db/postgres/store/store.ts';
import { createLog } from '../../../platform/observability/log.ts';
import { testDatabase } from '../../../testing/databases.ts';
import { eachEngine } from '../../../testing/engines.ts';
import { webhookPostgres } from '../postgres/webhook.repository.postgres.ts';
import { webhookContract } from '../webhook.contract.ts';
import { at, NOW } from '../webhook.fixture.ts';
import type { Wish } from '../webhook.repository.ts';
import { webhookService } from '../webhook.service.ts';
import { interestIn, MAX_WISHES } from './webhook.interest.ts';

const captured = { type: 'payment.captured', user_id: 2 };
const wish = (more: Partial<Wish> = {}): Wish => ({
  user_id: 2,
  types: ['payment.captured'],
  everyone: false,
  ...more,
});

/** An interest over these wishes, with a clock that stands; each question waits for what `answer` returns. */
function interest(wishes: Wish[] = []) {
  const store = { asked: 0, wishes, answer: async (found: Wish[]): Promise<Wish[]> => found, time: 0 };
  const known = interestIn(
    {
      wishes: async (limit) => {
        store.asked++;
        return store.answer(store.wishes.slice(0, limit));
      },
    },
    () => store.time,
  );
  return { ...known, store };
}

test('what no endpoint wants costs no question while the last answer is trusted', async () => {
  const { mayWant, wants, store } = interest([wish({ types: ['order.created'] })]);
  assert.equal(mayWant(captured.type), true);
  assert.equal(await wants(captured), false);
  assert.deepEqual([mayWant(captured.type), mayWant('order.created'), await wants(captured)], [false, true, false]);
  assert.equal(store.asked, 1);
  store.time += 1_000;
  assert.equal(mayWant(captured.type), true);
  store.wishes.push(wish());
  assert.deepEqual([await wants(captured), store.asked], [true, 2]);
});

test('an event is for its owner, for those who see everything, and for all when it has no owner', async () => {
  const { wants } = interest([wish(), wish({ user_id: 3, types: ['order.created'], everyone: true })]);
  const wanted = [captured, { ...captured, user_id: 3 }, { ...captured, user_id: undefined }];
  assert.deepEqual(await Promise.all(wanted.map(wants)), [true, false, true]);
  assert.equal(await wants({ type: 'order.created', user_id: 9 }), true);
});

test('what was asked before a change, or is asked during it, is not trusted', async () => {
  const { wants, mayWant, widening, store } = interest();
  const answered = Promise.withResolvers<Wish[]>();
  store.answer = () => answered.promise;
  const before = wants(captured);
  const changed = Promise.withResolvers<void>();
  const change = widening(() => changed.promise);
  assert.deepEqual([await wants(captured), mayWant(captured.type)], [true, true]);
  changed.resolve();
  await change;
  answered.resolve([]);
  assert.deepEqual([await before, mayWant(captured.type)], [true, true]);
});

test('a store that does not answer is asked again by the next event', async () => {
  const { wants, store } = interest();
  store.answer = async () => {
    throw new Error('away');
  };
  await assert.rejects(wants(captured), /away/);
  store.answer = async (found) => found;
  assert.equal(await wants(captured), false);
});

test('with very many endpoints every event counts as wanted, and the store is asked no more often', async () => {
  const { wants, mayWant, store } = interest(Array.from({ length: MAX_WISHES + 1 }, () => wish({ types: [] })));
  assert.deepEqual([await wants(captured), await wants(captured), mayWant(captured.type)], [true, true, true]);
  assert.equal(store.asked, 1);
});

eachEngine('an endpoint that is made while events come', (engine) => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  const opened: Database[] = [];
  before(async () => {
    database = await testDatabase(engine);
  });
  after(async () => {
    for (const db of opened) await db.close();
    await database.drop();
  });

  function process() {
    const db = openDatabase(database.url);
    opened.push(db);
    const exportWebhooks = async () => ({
      cut_at: NOW,
      last_endpoint_id: 0,
      last_delivery_id: 0,
      endpoints: [],
      deliveries: [],
      more: false,
    });
    const service = webhookService({
      repository: webhookPostgres(postgresStore(db, webhookContract)),
      peers: { user: { get: () => assert.fail('nobody asks for a role') }, payment: { exportWebhooks } },
      tools: { config: readConfig({ NODE_ENV: 'test' }, []), log: createLog({ LOG_LEVEL: 'fatal', NODE_ENV: 'test' }) },
    });
    return { db, service };
  }

  const customer = (id: number): Ctx =>
    at({ actor: { kind: 'user', id, username: `customer-${id}`, role: 'customer' } });

  async function pay({ service }: ReturnType<typeof process>, user_id: number): Promise<string> {
    const message = { event_id: randomUUID(), type: captured.type, time: NOW, data: '{}', user_id };
    // As the bus does: what is not wanted by its type is not handled at all.
    if (service.mayWant(message.type)) await service.enqueue(at(), message);
    return message.event_id;
  }

  async function create({ service }: ReturnType<typeof process>, user_id: number): Promise<void> {
    const { execute, respond } = service.createEndpoint;
    const ctx = customer(user_id);
    await respond(ctx, await execute(ctx, { url: 'https://example.com/hook', types: [captured.type] }));
  }

  const queued = async ({ db }: ReturnType<typeof process>): Promise<Set<string>> => {
    const rows = await db.query<{ message_id: string }>({
      name: '',
      text: 'select message_id from tradepost_webhook.deliveries',
    });
    return new Set(rows.map(({ message_id }) => message_id));
  };

  test('sees all that happens after its creation, whichever process made it and whichever handles the events', async () => {
    const [here, elsewhere] = [process(), process()];
    const missed: string[] = [];
    for (let user_id = 100; user_id < 110; user_id++) {
      const maker = user_id % 2 === 0 ? here : elsewhere;
      // Both know now that nobody wants it.
      for (const one of [here, elsewhere]) await pay(one, user_id);
      await create(maker, user_id);
      const ids = [await pay(here, user_id), await pay(elsewhere, user_id)];
      const found = await queued(here);
      missed.push(...ids.filter((id) => !found.has(id)));
    }
    assert.deepEqual(missed, []);
  });

  test('sees what this process handles from the moment of its commit on', async () => {
    const here = process();
    const after: string[] = [];
    const user_id = 200;
    let ended = false;
    const created = create(here, user_id).finally(() => {
      ended = true;
    });
    while (!ended) {
      const [row] = await here.db.query({
        name: '',
        text: `select 1 from tradepost_webhook.endpoints where user_id = ${user_id}`,
      });
      const id = await pay(here, user_id);
      if (row) after.push(id);
    }
    await created;
    const found = await queued(here);
    assert.ok(after.length > 0);
    assert.deepEqual(
      after.filter((id) => !found.has(id)),
      [],
    );
  });
});
