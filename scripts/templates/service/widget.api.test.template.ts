import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eachTarget } from '../../../src/testing/targets.ts';
import { type World, world } from '../../../src/testing/world.ts';
import type { Widget } from './widget.contract.ts';

eachTarget('widgets over HTTP', (target) => {
  let place: Awaited<ReturnType<typeof target.open>>;
  let w: World;
  before(async () => {
    place = await target.open();
    w = await world({ engine: target.postgres, env: place.env });
  });
  after(async () => {
    await w.close();
    await place.close();
  });

  test('a widget is made, read and listed by its owner', async () => {
    const alice = await w.as('alice');
    const made = await alice.post<Widget>('/widgets', { name: 'First' });
    assert.equal(made.status, 201);
    assert.deepEqual([made.body.user_id, made.body.name], [alice.id, 'First']);
    assert.deepEqual((await alice.get(`/widgets/${made.body.widget_id}`)).body, made.body);
    assert.deepEqual((await alice.get('/widgets')).body, [made.body]);
  });

  test('a list goes on where a page ended, and may be asked for one name', async () => {
    const dave = await w.as('dave');
    for (const name of ['One', 'Two', 'Three']) await dave.post('/widgets', { name });
    const page = await dave.get<Widget[]>('/widgets?limit=2');
    const [, next = ''] = /<([^>]+)>; rel="next"/.exec(page.headers.get('link') ?? '') ?? [];
    const rest = await dave.get<Widget[]>(next.replace(w.url, ''));
    assert.deepEqual(
      [...page.body, ...rest.body].map(({ name }) => name),
      ['Three', 'Two', 'One'],
    );
    const named = await dave.get<Widget[]>('/widgets?name=Two');
    assert.deepEqual(
      named.body.map(({ name }) => name),
      ['Two'],
    );
  });

  test('to another customer it does not exist; staff sees it', async () => {
    const [alice, bob, admin] = [await w.as('alice'), await w.as('bob'), await w.as('admin')];
    const { body } = await alice.post<Widget>('/widgets', { name: 'Hers' });
    const hidden = await bob.get(`/widgets/${body.widget_id}`);
    assert.deepEqual([hidden.status, hidden.body.code], [404, 'WIDGET_NOT_FOUND']);
    assert.deepEqual((await bob.get('/widgets')).body, []);
    assert.equal((await admin.get(`/widgets/${body.widget_id}`)).status, 200);
    assert.equal((await w.guest.get('/widgets')).status, 401);
  });

  test('a request that is sent again under its key makes one widget', async () => {
    const carol = await w.as('carol');
    const key = { 'idempotency-key': 'once' };
    const answers = await Promise.all([1, 2, 3].map(() => carol.post<Widget>('/widgets', { name: 'Once' }, key)));
    assert.equal(new Set(answers.map(({ body }) => body.widget_id)).size, 1);
    assert.equal((await carol.get<Widget[]>('/widgets')).body.length, 1);
  });

  test('what is no widget is refused', async () => {
    const alice = await w.as('alice');
    for (const body of [{}, { name: '' }, { name: ' ' }, { name: 7 }, { name: 'x', colour: 'red' }, []]) {
      assert.equal((await alice.post('/widgets', body)).status, 400, JSON.stringify(body));
    }
    assert.equal((await alice.get('/widgets/0')).status, 400);
    assert.equal((await alice.get('/widgets/999999')).status, 404);
  });
});
