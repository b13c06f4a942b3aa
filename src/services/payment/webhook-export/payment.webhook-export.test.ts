import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { readConfig } from '../../../platform/config/config.ts';
import { type Database, openDatabase } from '../../../platform/db/postgres/postgres.ts';
import { postgresStore } from '../../../platform/db/postgres/store/store.ts';
import { testDatabase } from '../../../testing/databases.ts';
import { eachEngine } from '../../../testing/engines.ts';
import { paymentContract } from '../payment.contract.ts';
import type { WebhookExport } from '../payment.repository.ts';
import { paymentPostgres } from '../postgres/payment.repository.postgres.ts';

const config = readConfig({}, []);
const NONE = { endpoints: [], deliveries: [] };
const OWNER = 2;
const BEFORE = '2026-01-05T10:00:00.000Z';
const LATER = '2999-01-05T10:00:00.000Z';

const endpoints = `insert into tradepost_payment.webhook_endpoints
  (endpoint_id, user_id, url, types, everyone, status, secret, created_at, version) values
  (7, ${OWNER}, 'https://example.com/7', '["payment.captured"]', false, 'active', 'whsec_c2V2ZW4=', '${BEFORE}', 3)`;

const delivery = (message: number, status: string, next_at: string) => `insert into tradepost_payment.webhook_deliveries
  (endpoint_id, message_id, type, time, data, status, tries, next_at, created_at) values
  (7, '${uuid(message)}', 'payment.captured', '${BEFORE}', '{"a":1.50}', '${status}', 1, ${next_at}, now())`;

const uuid = (n: number): string => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const message = (n: number, time: string) => ({
  event_id: uuid(n),
  type: 'payment.captured',
  time,
  data: '{}',
  user_id: OWNER,
});

eachEngine('webhooks that payment kept and hands out', (engine) => {
  let database: Awaited<ReturnType<typeof testDatabase>>;
  let pools: [Database, Database];
  let here: WebhookExport;
  let there: WebhookExport;

  before(async () => {
    database = await testDatabase(engine);
    pools = [openDatabase(database.url), openDatabase(database.url)];
  });
  beforeEach(async () => {
    await pools[0].script(`truncate tradepost_payment.webhook_endpoints, tradepost_payment.webhook_deliveries,
      tradepost_payment.webhook_attempts, tradepost_payment.webhook_export restart identity`);
    const open = (db: Database) => paymentPostgres(postgresStore(db, paymentContract), { config }).webhookExport;
    [here, there] = pools.map(open) as [WebhookExport, WebhookExport];
  });
  after(async () => {
    await Promise.all(pools.map((db) => db.close()));
    await database.drop();
  });

  const rows = (text: string) => pools[0].query<Record<string, unknown>>({ name: '', text });
  const ids = ({ deliveries }: { deliveries: readonly { message_id: string }[] }) =>
    deliveries.map(({ message_id }) => message_id);

  test('a page comes again until it is acknowledged; then its secrets are forgotten here', async () => {
    await pools[0].script(endpoints);
    const first = await here.page(NONE);
    assert.deepEqual(await there.page(NONE), first);
    const [seven] = first.endpoints;
    assert.deepEqual(
      [seven?.endpoint_id, seven?.status, seven?.secret, seven?.created_at],
      [7, 'active', 'whsec_c2V2ZW4=', BEFORE],
    );
    const second = await here.page({ endpoints: [7], deliveries: [] });
    assert.deepEqual([second.cut_at, second.endpoints, second.more], [first.cut_at, [], false]);
    assert.deepEqual(await rows('select status, secret from tradepost_payment.webhook_endpoints'), [
      { status: 'deleted', secret: '' },
    ]);
  });

  test('deliveries follow with their attempts, byte for byte, what waits first; acknowledged, they are gone', async () => {
    await pools[0].script(
      `${endpoints}; ${delivery(1, 'delivered', 'null')}; ${delivery(2, 'waiting', 'now()')};
       insert into tradepost_payment.webhook_attempts (delivery_id, at, status, error, ms) values (2, '${BEFORE}', 500, null, 9)`,
    );
    await here.page(NONE);
    const waiting = await here.page({ endpoints: [7], deliveries: [] });
    assert.deepEqual([ids(waiting), waiting.more, waiting.last_delivery_id], [[uuid(2)], true, 2]);
    const [one] = waiting.deliveries;
    assert.deepEqual([one?.data, one?.attempts.map(({ status }) => status)], ['{"a":1.50}', [500]]);
    const past = await here.page({ endpoints: [], deliveries: [2] });
    assert.deepEqual(ids(past), [uuid(1)]);
    const last = await here.page({ endpoints: [], deliveries: [1] });
    assert.deepEqual([ids(last), last.more], [[], false]);
    assert.deepEqual(await rows('select * from tradepost_payment.webhook_attempts'), []);
  });

  test('what a process of the version before may be sending is handed out when that is over', async () => {
    await pools[0].script(`${endpoints}; ${delivery(1, 'waiting', `now() + interval '50 seconds'`)}`);
    await here.page(NONE);
    const early = await here.page({ endpoints: [7], deliveries: [] });
    assert.deepEqual([ids(early), early.more], [[], true]);
    await rows(`update tradepost_payment.webhook_export set cut_at = cut_at - interval '21 seconds'`);
    const open = paymentPostgres(postgresStore(pools[0], paymentContract), { config }).webhookExport;
    assert.deepEqual(ids(await open.page(NONE)), [uuid(1)]);
  });

  test('an event from before the cut is queued for the endpoints of that time, once; one from the cut on is not', async () => {
    await pools[0].script(endpoints);
    await here.enqueue(message(1, BEFORE));
    const { cut_at } = await here.page(NONE);
    await here.page({ endpoints: [7], deliveries: [] });
    const just = new Date(Date.parse(cut_at) - 1).toISOString();
    // The other process has not heard of the cut yet.
    for (const [n, time] of [[1, BEFORE], [2, just], [2, just], [3, cut_at], [4, LATER]] as const) // biome-ignore format: one list
      await Promise.all([here.enqueue(message(n, time)), there.enqueue(message(n, time))]);
    assert.deepEqual(ids(await here.page(NONE)).toSorted(), [uuid(1), uuid(2)]);
  });

  test('a process of the version before finds no endpoint from the cut on; one that it still creates is handed out', async () => {
    await pools[0].script(endpoints);
    await here.page(NONE);
    const active = `select endpoint_id from tradepost_payment.webhook_endpoints where status = 'active'`;
    assert.deepEqual(await rows(active), []);
    // It saves what it has read before only if nobody was there in between.
    const late = `update tradepost_payment.webhook_endpoints set status = 'active' where endpoint_id = 7 and version = 3 returning 1`;
    assert.deepEqual(await rows(late), []);
    await here.page({ endpoints: [7], deliveries: [] });
    await pools[0].script(endpoints.replace('(7,', '(8,'));
    const { endpoints: found } = await here.page(NONE);
    assert.deepEqual(
      found.map(({ endpoint_id, status }) => [endpoint_id, status]),
      [[8, 'active']],
    );
    assert.deepEqual(await rows(active), []);
  });

  test('two processes that ask first at the same moment make one cut', async () => {
    const pages = await Promise.all([here.page(NONE), there.page(NONE), here.page(NONE), there.page(NONE)]);
    assert.equal(new Set(pages.map(({ cut_at }) => cut_at)).size, 1);
  });
});
