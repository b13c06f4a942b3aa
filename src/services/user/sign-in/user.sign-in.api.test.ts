import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openDatabase } from '../../../platform/db/postgres/postgres.ts';
import { eachEngine } from '../../../testing/engines.ts';
import { PASSWORD, type World, world } from '../../../testing/world.ts';
import { many, peopleOf, statuses } from '../user.client.fixture.ts';

eachEngine('signing in over HTTP', (engine) => {
  let w: World;
  let people: ReturnType<typeof peopleOf>;
  before(async () => {
    w = await world({ engine });
    people = peopleOf(w);
  });
  after(() => w.close());

  test('of a hundred who register at once on an empty system, exactly one is admin', async () => {
    const answers = await many(100, (i) => people.register(`first-${i}`));
    assert.deepEqual(statuses(answers), { 201: 100 });
    const profiles = await many(100, (i) => people.person(answers[i]?.body.token ?? '').get('/users/me'));
    assert.equal(profiles.filter(({ body }) => body.role === 'admin').length, 1);
    assert.equal(profiles.filter(({ body }) => body.role === 'customer').length, 99);
    assert.equal(new Set(profiles.map(({ body }) => body.id)).size, 100);
  });

  test('of a hundred who register one name at once, one has it', async () => {
    const answers = await many(100, (i) => people.register(i % 2 ? 'Wanted' : 'wanted'));
    assert.deepEqual(statuses(answers), { 201: 1, 409: 99 });
    assert.equal(answers.find(({ status }) => status === 409)?.body.code, 'USER_NAME_TAKEN');
  });

  test('registering signs in, under both addresses', async () => {
    const { status, body } = await people.guest.post('/auth/register', { username: 'Carol', password: PASSWORD });
    assert.equal(status, 201);
    const { id, token, refresh_token, ...rest } = body;
    assert.deepEqual(rest, { message: 'User registered successfully', username: 'Carol', expires_in: 86_400 });
    assert.match(refresh_token, /^[\w-]{43}$/);
    const me = await people.person(token).get('/users/me');
    assert.deepEqual([me.status, me.body.id, me.body.role], [200, id, 'customer']);
  });

  test('the kept answer of a registration holds no hash of the password', async () => {
    const body = { username: 'Erin', password: PASSWORD };
    await people.guest.post('/register', body, { 'idempotency-key': 'no-hash' });
    const db = openDatabase(w.databaseUrl, { poolSize: 1 });
    const text = 'select result from tradepost_user.request';
    const kept = JSON.stringify(await db.query({ name: '', text }));
    await db.close();
    assert.deepEqual([kept.includes('Erin'), /password_hash|\$2/.test(kept)], [true, false]);
  });

  test('signing in answers who one is, whatever the case of the name', async () => {
    await people.register('Dora');
    const { status, body } = await people.guest.post('/auth/login', { username: 'dORA', password: PASSWORD });
    assert.equal(status, 200);
    const { id, token: _token, refresh_token: _refresh, ...rest } = body;
    assert.deepEqual(rest, {
      message: 'Login successful',
      expires_in: 86_400,
      username: 'Dora',
      user: { id, username: 'Dora', role: 'customer' },
    });
  });

  test('an unknown name and a wrong password are refused in the same words', async () => {
    await people.register('erin');
    const answers = await Promise.all([
      people.login('nobody-here'),
      people.login('erin', 'wrong password'),
      people.login('\u0000', '\u0000'),
    ]);
    for (const { status, body } of answers) assert.deepEqual([status, body.error], [401, 'Invalid credentials']);
  });

  test('a name or password that is not allowed is refused with its place', async () => {
    const bad: [string, string, string][] = [
      ['al', PASSWORD, '/username'],
      ['12345', PASSWORD, '/username'],
      ['a b c', PASSWORD, '/username'],
      ['x'.repeat(65), PASSWORD, '/username'],
      ['good-name', 'seven77', '/password'],
      ['good-name', 'x'.repeat(129), '/password'],
    ];
    for (const [username, password, pointer] of bad) {
      const { status, body } = await people.register(username, password);
      assert.deepEqual([status, body.errors?.[0]?.pointer], [400, pointer], `${username} ${password}`);
    }
  });

  test('a password is counted in characters, and its last one counts', async () => {
    const password = `${'密'.repeat(126)}🐟`;
    assert.equal((await people.register('long-word', `${password}1`)).status, 201);
    assert.equal((await people.login('long-word', `${password}2`)).status, 401);
    assert.equal((await people.login('long-word', `${password}1`)).status, 200);
  });

  test('no new account is called by a word of the addresses, or as if it spoke for the shop', async () => {
    for (const name of [
      'orders',
      'Single',
      'TIMELINE',
      'admin',
      'Root',
      'system',
      'support',
      'health',
      'metrics',
      'auth',
    ]) {
      const { status, body } = await people.register(name);
      assert.deepEqual([status, body.code, body.errors?.[0]?.pointer], [400, 'USER_RESERVED_NAME', '/username'], name);
    }
    assert.equal((await people.register('orders.1')).status, 201);
  });

  test('a registration that is repeated with its key is the same account, for who knows the password', async () => {
    const register = (key: string, body: object) => people.guest.post('/register', body, { 'idempotency-key': key });
    const body = { username: 'again', password: PASSWORD };
    const answers = await many(20, () => register('k1', body));
    assert.deepEqual(statuses(answers), { 201: 20 });
    assert.equal(new Set(answers.map((answer) => answer.body.id)).size, 1);
    assert.equal(answers.filter(({ headers }) => headers.get('idempotent-replayed') === null).length, 1);
    assert.equal((await register('k1', { ...body, password: 'another password' })).status, 422);
    // Guests have nothing in common but the key that somebody chose.
    const other = await register('k1', { ...body, username: 'someone-else' });
    assert.deepEqual([other.status, other.headers.get('idempotent-replayed')], [201, null]);
    assert.equal((await register('k1', body)).body.username, 'again');
    assert.equal((await register('k2', body)).status, 409);
    const me = await people.person(answers[7]?.body.token ?? '').get('/users/me');
    assert.equal(me.body.username, 'again');
  });

  test('a registration that is repeated after the password changed opens nothing for the old one', async () => {
    const body = { username: 'moved-on', password: PASSWORD };
    const register = () => people.guest.post('/register', body, { 'idempotency-key': 'k3' });
    const owner = people.person((await register()).body.token);
    await owner.put('/users/me/password', { current_password: PASSWORD, new_password: 'a quiet pond' });
    assert.equal((await register()).status, 422);
  });

  test('a refresh token gives new tokens once; used again it ends the session', async () => {
    await people.account('henry');
    const henry = await people.signIn('henry');
    const first = await people.refresh(henry.refresh);
    assert.equal(first.status, 200);
    assert.deepEqual([first.body.token_type, first.body.expires_in], ['Bearer', 86_400]);
    assert.equal(first.body.access_token, first.body.token);
    assert.equal((await people.person(first.body.access_token).get('/users/me')).status, 200);
    const again = await people.refresh(henry.refresh);
    assert.deepEqual([again.status, again.body.code], [400, 'USER_INVALID_GRANT']);
    assert.equal((await people.refresh(first.body.refresh_token)).status, 400);
    assert.equal((await people.refresh('nonsense')).status, 400);
  });

  test('of fifty refreshes at once with one token, exactly one succeeds', async () => {
    await people.account('ivy');
    const ivy = await people.signIn('ivy');
    const answers = await many(50, () => people.refresh(ivy.refresh));
    assert.deepEqual(statuses(answers), { 200: 1, 400: 49 });
    const won = answers.find(({ status }) => status === 200);
    assert.equal((await people.refresh(won?.body.refresh_token ?? '')).status, 400);
  });

  test('sessions are seen and ended by their owner', async () => {
    await people.account('kate');
    const [one, two] = [await people.signIn('kate'), await people.signIn('kate')];
    const { body } = await two.get('/users/me/sessions');
    assert.deepEqual(
      body.map((session) => session.current),
      [true, false, false],
    );
    const path = `/users/me/sessions/${body[1]?.session_id}`;
    const stranger = await people.account('stranger');
    assert.equal((await stranger.delete(path)).status, 404);
    assert.equal((await two.delete(path)).status, 204);
    assert.equal((await people.refresh(one.refresh)).status, 400);
    assert.equal((await two.post('/auth/logout')).status, 204);
    assert.equal((await people.refresh(two.refresh)).status, 400);
  });

  test('a new password ends the other sessions and keeps the own', async () => {
    await people.account('liam');
    const [one, two] = [await people.signIn('liam'), await people.signIn('liam')];
    const change = (current_password: string) =>
      two.put('/users/me/password', { current_password, new_password: 'a quiet pond' });
    const wrong = await change('wrong password');
    assert.deepEqual([wrong.status, wrong.body.code], [400, 'USER_WRONG_PASSWORD']);
    assert.equal((await change(PASSWORD)).status, 204);
    assert.equal((await people.refresh(one.refresh)).status, 400);
    assert.equal((await people.refresh(two.refresh)).status, 200);
    assert.equal((await people.login('liam')).status, 401);
    assert.equal((await people.login('liam', 'a quiet pond')).status, 200);
    assert.equal((await two.get('/users/me/sessions')).body.length, 2);
  });
});

test('without a shared secret, tokens are signed with a key that is published', async () => {
  const w = await world({ env: { JWT_SECRET: '' } });
  try {
    const admin = await w.as('admin');
    assert.equal(admin.id, 1);
    assert.equal((await admin.get('/users/me')).status, 200);
    const published = (await w.guest.get('/auth/jwks')).body as unknown as { keys: Record<string, string>[] };
    const { kid, x, ...key } = published.keys[0] ?? {};
    assert.deepEqual(key, { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' });
    assert.match(x ?? '', /^[\w-]{43}$/);
    const header = JSON.parse(Buffer.from(admin.token?.split('.')[0] ?? '', 'base64url').toString()) as object;
    assert.deepEqual(header, { alg: 'EdDSA', typ: 'at+jwt', kid });
  } finally {
    await w.close();
  }
});

test('a shop refuses common passwords', async () => {
  const w = await world({ env: { PASSWORD_BLOCKLIST: 'on' } });
  const { register } = peopleOf(w);
  try {
    const common = await register('alice');
    assert.deepEqual([common.status, common.body.code], [400, 'USER_COMMON_PASSWORD']);
    assert.equal((await register('marguerite', 'Marguerite')).status, 400);
    const good = await register('alice', 'a quiet pond');
    assert.deepEqual([good.status, good.body.id], [201, 1]);
  } finally {
    await w.close();
  }
});
