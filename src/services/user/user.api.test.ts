import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eachEngine } from '../../testing/engines.ts';
import { type World, world } from '../../testing/world.ts';
import { peopleOf, type TestPerson } from './user.client.fixture.ts';

const address = { line1: '2 Example Road', postal_code: '1000', city: 'Ghent', country: 'BE' };

eachEngine('accounts over HTTP', (engine) => {
  let w: World;
  let people: ReturnType<typeof peopleOf>;
  let admin: TestPerson;
  before(async () => {
    w = await world({ engine });
    people = peopleOf(w);
    admin = await people.account('boss');
  });
  after(() => w.close());

  test('a profile is changed by its owner, field by field', async () => {
    const eve = await people.account('eve');
    const given = { display_name: 'Eve É.', email: 'eve@example.com', phone: '+32 9 000 00 00', locale: 'nl-BE' };
    const changed = await eve.patch('/users/me', { ...given, address });
    assert.equal(changed.status, 200);
    const { id, username, role, created_at: _created, updated_at: _updated, ...rest } = changed.body;
    assert.deepEqual([id, username, role], [eve.id, 'eve', 'customer']);
    assert.deepEqual(rest, { ...given, address });
    const cleared = await eve.patch('/users/me', { phone: null, address: null });
    assert.deepEqual([cleared.body.phone, cleared.body.address, cleared.body.email], [null, null, 'eve@example.com']);
    assert.deepEqual((await eve.get('/users/me')).body, cleared.body);
  });

  test('a profile refuses what is no such thing', async () => {
    const eve = await people.account('eve-2');
    const bad = [
      { email: 'no address' },
      { phone: 'call me' },
      { locale: 'dutch!' },
      { display_name: 'nul\u0000' },
      { display_name: '\ud800' },
      { display_name: '' },
      { address: { line1: 'x' } },
      { address: { ...address, country: 'Belgium' } },
      { address: { ...address, planet: 'Earth' } },
      { role: 'admin' },
      { username: 'other' },
    ];
    for (const body of bad) {
      assert.equal((await eve.patch('/users/me', body)).status, 400, JSON.stringify(body));
    }
    assert.equal((await people.guest.patch('/users/me', {})).status, 401);
  });

  test('a customer sees the own account only; staff sees all, in pages', async () => {
    const [frank, grace] = [await people.account('frank'), await people.account('grace')];
    assert.equal((await frank.get(`/users/${frank.id}`)).body.username, 'frank');
    assert.equal((await frank.get(`/users/${grace.id}`)).status, 404);
    assert.equal((await frank.get('/users')).status, 403);
    assert.equal((await people.guest.get('/users')).status, 401);
    assert.equal((await admin.put(`/users/${grace.id}/role`, { role: 'staff' })).body.role, 'staff');
    const staff = await people.signIn('grace');
    assert.equal((await staff.get(`/users/${frank.id}`)).body.username, 'frank');
    const page = await staff.get('/users?limit=3');
    assert.equal(page.body.length, 3);
    assert.match(page.headers.get('link') ?? '', /rel="next"/);
    assert.equal((await staff.put(`/users/${grace.id}/role`, { role: 'admin' })).status, 403);
    assert.equal((await staff.get('/users/999999')).status, 404);
  });

  test('the last admin stays one', async () => {
    const refused = await admin.put(`/users/${admin.id}/role`, { role: 'customer' });
    assert.deepEqual([refused.status, refused.body.code], [409, 'USER_LAST_ADMIN']);
    assert.equal((await admin.put(`/users/${admin.id}/role`, { role: 'admin' })).status, 200);
    assert.equal((await admin.put('/users/999999/role', { role: 'staff' })).status, 404);
    assert.equal((await admin.put(`/users/${admin.id}/role`, { role: 'king' })).status, 400);
  });

  test('of two admins who demote each other at once, one is left', async () => {
    const other = await people.account('second-admin');
    await admin.put(`/users/${other.id}/role`, { role: 'admin' });
    const two = await people.signIn('second-admin');
    const answers = await Promise.all([
      admin.put(`/users/${two.id}/role`, { role: 'customer' }),
      two.put(`/users/${admin.id}/role`, { role: 'customer' }),
    ]);
    const done = answers.filter(({ status }) => status === 200);
    assert.equal(done.length, 1, JSON.stringify(answers.map(({ status, body }) => [status, body.code])));
    // The loser's token still says admin; the account does not.
    const [winner, loser] = answers[0]?.status === 200 ? [admin, two] : [two, admin];
    assert.equal((await loser.put(`/users/${loser.id}/role`, { role: 'admin' })).status, 403);
    assert.equal((await winner.put(`/users/${admin.id}/role`, { role: 'admin' })).status, 200);
  });

  test('a refresh brings the role of today', async () => {
    const jack = await people.account('jack');
    const { refresh } = await people.signIn('jack');
    await (await people.signIn('boss')).put(`/users/${jack.id}/role`, { role: 'staff' });
    const { body } = await people.refresh(refresh);
    assert.equal((await people.person(body.token).get('/users')).status, 200);
  });
});
