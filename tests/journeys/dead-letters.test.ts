import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { clientOf, type TestClient } from '../../src/testing/client.ts';
import { freePort } from '../../src/testing/ports.ts';
import { settle } from '../../src/testing/settle.ts';
import { eachShape } from '../../src/testing/shapes.ts';
import { PASSWORD, type World, type WorldOptions, world } from '../../src/testing/world.ts';
import { type Letter, lettersAbout, poison, type Said, script, tradepost } from './dead-letters.fixture.ts';
import { MOUSE } from './shop.fixture.ts';

eachShape('dead letters', deadLetters);

const LETTERS = '/dead-letters/delivery';

function deadLetters(options: WorldOptions): void {
  let shop: World;
  let admin: TestClient;
  let staff: TestClient;
  let alice: TestClient;
  let mallory: TestClient;
  let mend: () => Promise<void>;
  // Here every event comes twice, and each time it is tried three times.
  const attempts = options.processes === 'each' ? 3 : 6;

  before(async () => {
    shop = await world({ ...options, env: { EVENT_PAUSE_MS: '1', EVENT_ATTEMPTS: '3', LOG_LEVEL: 'fatal' } });
    [admin, alice, mallory] = await Promise.all([shop.as('admin'), shop.as('alice'), shop.as('mallory')]);
    const clerk = await shop.as('clerk');
    await admin.put(`/users/${clerk.id}/role`, { role: 'staff' });
    const { body } = await shop.guest.post('/login', { username: 'clerk', password: PASSWORD });
    staff = clientOf(shop.url, body.token, clerk.id);
  });

  after(() => shop.close());

  const orderBy = async (buyer: TestClient): Promise<number> =>
    (await buyer.post('/orders/single', { product_id: MOUSE, quantity: 1 })).body.order_id;

  async function breakDown(): Promise<void> {
    ({ mend } = await poison(shop.databaseUrl, mallory));
  }

  /** The letter of an order of mallory's, when nothing comes after it any more. */
  async function letterOf(order_id: number): Promise<Letter> {
    return settle(async () => {
      const [letter, ...others] = await lettersAbout(staff, order_id);
      assert.deepEqual([letter?.attempts, others], [attempts, []]);
      return letter ?? assert.fail();
    });
  }

  const run = (words: readonly string[], as?: TestClient): Promise<Said> =>
    tradepost(['dead-letters', ...words, '--url', shop.url], as?.token ? { TRADEPOST_TOKEN: as.token } : {});

  const shipmentOf = (client: TestClient, order_id: number) => client.get(`/shipments/order/${order_id}`);

  test('what a consumer cannot handle is put aside, and the events of others flow on', async () => {
    await breakDown();
    const stuck = await orderBy(mallory);
    const fine = await orderBy(alice);
    await settle(async () => assert.equal((await shipmentOf(alice, fine)).status, 200));
    const letter = await letterOf(stuck);
    assert.equal(letter.consumer, 'delivery.open_shipment');
    const { type, subject, actor } = letter.event;
    assert.deepEqual([type, subject, actor], ['order.created', String(stuck), `user/${mallory.id}/mallory`]);
    assert.equal((JSON.parse(letter.event.data) as { order_id: number }).order_id, stuck);
    assert.match(letter.error, /no_parcel_for/);
    assert.equal((await shipmentOf(mallory, stuck)).status, 404);
    await mend();
    const { status, body } = await staff.post(`${LETTERS}/${letter.id}/replay`);
    assert.deepEqual([status, body], [200, { replayed: true }]);
    assert.equal((await shipmentOf(mallory, stuck)).status, 200);
  });

  test('the dead letters are for the staff, and giving one up is for admins', async () => {
    await breakDown();
    const { id } = await letterOf(await orderBy(mallory));
    const asks = (client: TestClient) => [
      client.get(LETTERS),
      client.post(`${LETTERS}/${id}/replay`),
      client.delete(`${LETTERS}/${id}`),
    ];
    const statuses = async (client: TestClient) => (await Promise.all(asks(client))).map(({ status }) => status);
    assert.deepEqual(await statuses(shop.guest), [401, 401, 401]);
    assert.deepEqual(await statuses(mallory), [403, 403, 403]);
    assert.equal((await staff.delete(`${LETTERS}/${id}`)).status, 403);
    assert.equal((await admin.delete(`${LETTERS}/${id}`)).status, 204);
    assert.equal((await admin.delete(`${LETTERS}/${id}`)).status, 404);
    await mend();
  });

  test('replayed before the cause is mended it stays; afterwards it is handled, once, and gone', async () => {
    await breakDown();
    const order_id = await orderBy(mallory);
    const { id } = await letterOf(order_id);
    const early = await staff.post(`${LETTERS}/${id}/replay`);
    assert.deepEqual([early.status, early.body.code], [409, 'TRADEPOST_DEAD_LETTER_FAILS']);
    assert.match(early.body.error, /still cannot be handled: .*no_parcel_for/);
    assert.equal((await lettersAbout(staff, order_id))[0]?.attempts, attempts + 1);
    await mend();
    const late = await Promise.all([1, 2, 3].map(() => staff.post(`${LETTERS}/${id}/replay`)));
    assert.ok(late.some(({ status }) => status === 200));
    assert.ok(late.every(({ status }) => status === 200 || status === 404));
    assert.deepEqual(await lettersAbout(staff, order_id), []);
    assert.equal((await staff.post(`${LETTERS}/${id}/replay`)).status, 404);
    const { body } = await mallory.get<{ order_id: number }[]>('/shipments');
    assert.equal(body.filter((one) => one.order_id === order_id).length, 1);
  });

  test('the documents of the system name who listens and where their dead letters are', async () => {
    const { body } = await shop.guest.get<{ paths: object }>('/openapi.json');
    for (const path of ['', '/{id}/replay', '/{id}']) assert.ok(`${LETTERS}${path}` in body.paths);
    const events = await shop.guest.get<{ asyncapi: string; operations: object }>('/asyncapi.json');
    assert.equal(events.body.asyncapi, '3.0.0');
    assert.ok('delivery.open_shipment' in events.body.operations);
  });

  test('the command lists, shows and replays', async () => {
    await breakDown();
    const order_id = await orderBy(mallory);
    const letter = await letterOf(order_id);
    const listed = await run(['list'], staff);
    assert.match(
      listed.out,
      new RegExp(`^delivery +${letter.id} .*delivery.open_shipment +order.created +order/`, 'm'),
    );
    const inJson = JSON.parse((await run(['list', 'delivery', '--json'], staff)).out) as Letter[];
    assert.deepEqual(inJson, [{ service: 'delivery', ...letter }]);
    const shown = await run(['show', 'delivery', String(letter.id)], staff);
    assert.match(shown.out, new RegExp(`^about +order/${order_id}$`, 'm'));
    assert.match(shown.out, /^payload +\{"order_id":/m);
    const early = await run(['replay', 'delivery', String(letter.id)], staff);
    assert.deepEqual([early.code, early.complaint], [1, '']);
    assert.match(early.out, new RegExp(`^delivery ${letter.id}: it still cannot be handled: `));
    await mend();
    const late = await run(['replay', 'delivery', String(letter.id), '--json'], staff);
    assert.deepEqual([late.code, JSON.parse(late.out)], [0, { service: 'delivery', id: letter.id, replayed: true }]);
    assert.equal((await run(['list'], staff)).out, 'No dead letters.\n');
    assert.equal((await shipmentOf(mallory, order_id)).status, 200);
  });

  // Behind the gateway the command meets the same HTTP.
  if (options.processes === 'each') return;

  test('the command replays all that there is, and gives up for admins only', async () => {
    await breakDown();
    const letters = [];
    for (const order_id of [await orderBy(mallory), await orderBy(mallory), await orderBy(mallory)])
      letters.push(await letterOf(order_id));
    const [first, second, third] = letters.map(({ id }) => id);
    const refused = await run(['discard', 'delivery', String(first), '--yes'], staff);
    assert.deepEqual([refused.code, refused.complaint], [1, 'your role does not allow this\n']);
    const unsure = await run(['discard', 'delivery', String(first)], admin);
    assert.match(unsure.complaint, /^Give up dead letter \d+ of delivery for good\? .* add --yes to confirm\.\n$/);
    assert.deepEqual([unsure.code, unsure.out], [1, '']);
    const discarded = await run(['discard', 'delivery', String(first), '--yes'], admin);
    assert.deepEqual([discarded.code, discarded.out], [0, `delivery ${first}: discarded\n`]);
    await mend();
    const all = await run(['replay', '--all'], staff);
    const lines = [second, third].map((id) => `delivery ${id}: replayed\n`).sort();
    assert.deepEqual([all.code, all.out.match(/.*\n/g)?.sort()], [0, lines]);
  });

  test('the command brings a list that has several pages whole', async () => {
    const envelope =
      '{"id": "", "source": "order", "type": "", "subject": "", "time": "", "correlation": "", "actor": "system", "data": "{}"}';
    await script(
      shop.databaseUrl,
      `insert into tradepost_order.dead_letter (consumer, event_id, type, subject, time, envelope, error, attempts, failed_at)
        select 'order.unreadable', gen_random_uuid(), '', '', now(), '${envelope}', 'no event', 1, now() from generate_series(1, 450)`,
    );
    const { out } = await run(['list', 'order', '--json'], staff);
    assert.equal((JSON.parse(out) as Letter[]).length, 450);
    await script(shop.databaseUrl, 'delete from tradepost_order.dead_letter');
  });

  test('the command says what is wrong in one sentence', async () => {
    const words = ['dead-letters', 'list', '--token', 'a', '--url'];
    const away = `http://localhost:${await freePort()}`;
    const said = await Promise.all([
      run(['list']),
      run(['list'], mallory),
      run(['list', '--token', 'forged']),
      run(['list', 'gateway'], staff),
      run(['show', 'delivery', '1e3'], staff),
      run(['show', 'delivery', '999999'], staff),
      run(['replay', 'delivery'], staff),
      tradepost([...words, away]),
      tradepost([...words, 'http://a:b@localhost']),
      tradepost([...words, 'localhost:8080']),
    ]);
    const sentences = [
      /^Say who you are: .*TRADEPOST_TOKEN.*\n$/,
      /^your role does not allow this\n$/,
      /^a valid access token is needed .*\n$/,
      /^gateway consumes no events; the services that do are .*delivery.*\n$/,
      /^'1e3' is not an id.*\n$/,
      /^There is no dead letter 999999 of delivery\.\n$/,
      /^Name a service and an id, or add --all\.\n$/,
      /^Nothing of Tradepost answers at http:\/\/localhost:\d+ \(ECONNREFUSED\); .*\n$/,
      /^--url takes no user.*\n$/,
      /^--url takes an http or https URL, not 'localhost:8080'\.\n$/,
    ];
    for (const [n, { code, out, complaint }] of said.entries()) {
      assert.match(complaint, sentences[n] ?? assert.fail());
      assert.deepEqual([code, out], [1, '']);
    }
  });

  test('a token goes to no other address, and what is not Tradepost is told', async () => {
    const seen: (string | undefined)[] = [];
    const other = createServer((request, response) => {
      seen.push(request.headers.authorization);
      if (request.url?.startsWith('/away')) response.writeHead(302, { location: `${shop.url}/openapi.json` });
      response.end('<h1>hello</h1>');
    }).listen(0);
    const url = `http://localhost:${(other.address() as AddressInfo).port}`;
    const words = ['dead-letters', 'list', '--token', 'secret', '--url'];
    const strange = await tradepost([...words, url]);
    assert.match(strange.complaint, /^What answers at http:\/\/localhost:\d+ is not Tradepost \(status 200\)/);
    assert.match((await tradepost([...words, `${url}/away`])).complaint, /^Nothing of Tradepost answers at .*redirect/);
    assert.deepEqual(seen, ['Bearer secret', 'Bearer secret']);
    other.close();
  });

  test('a service that is away hides no other, and is named', async () => {
    const answers: Record<string, [number, unknown]> = {
      '/openapi.json': [200, { paths: { '/dead-letters/delivery': {}, '/dead-letters/order': {} } }],
      '/dead-letters/delivery': [503, { error: 'a part that this needs does not answer' }],
      '/dead-letters/order': [200, []],
    };
    const half = createServer((request, response) => {
      const [status, body] = answers[request.url?.split('?')[0] ?? ''] ?? [404, {}];
      response.writeHead(status).end(JSON.stringify(body));
    }).listen(0);
    const url = `http://localhost:${(half.address() as AddressInfo).port}`;
    const said = await tradepost(['dead-letters', 'list', '--token', 'a', '--url', url]);
    assert.deepEqual(said, {
      code: 1,
      out: 'No dead letters known; delivery did not answer.\n',
      complaint: 'delivery: a part that this needs does not answer\n',
    });
    half.close();
  });

  test('the command signs in with a name and a password', async () => {
    const as = (username: string, TRADEPOST_PASSWORD: string) =>
      tradepost(['dead-letters', 'list', '--url', shop.url, '--username', username], { TRADEPOST_PASSWORD });
    assert.deepEqual(await as('boss', PASSWORD), { code: 0, out: 'No dead letters.\n', complaint: '' });
    assert.match((await as('boss', 'wrong-password')).complaint, /^Invalid credentials/);
    assert.match((await as('boss', '')).complaint, /^There is no terminal to ask on: set TRADEPOST_PASSWORD/);
  });
}
