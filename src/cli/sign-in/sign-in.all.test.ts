import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../testing/ports.ts';
import { PASSWORD, type World, world } from '../../testing/world.ts';
import type { Sessions } from './store.ts';

const COMMAND = fileURLToPath(new URL('../../../bin/tradepost.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tradepost-sign-in-'));
const file = join(folder, 'tradepost', 'credentials.json');

let shop: World;

before(async () => {
  shop = await world();
  await shop.as('admin');
});

after(async () => {
  await shop.close();
  rmSync(folder, { recursive: true });
});

interface Ran {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly url?: string;
}

/** Runs the command with a folder of settings of its own, and this on its standard input. */
function ran(words: readonly string[], { input = '', env = {}, url = shop.url }: Ran = {}) {
  const options = { cwd: folder, env: { PATH: process.env.PATH, XDG_CONFIG_HOME: folder, ...env } };
  return new Promise<{ code: number | null; out: string; err: string }>((resolve) => {
    const line = [COMMAND, ...words, '--url', url];
    const child = execFile(process.execPath, line, options, (_error, out, err) =>
      resolve({ code: child.exitCode, out, err }),
    );
    child.stdin?.end(input);
  });
}

const kept = () => (JSON.parse(readFileSync(file, 'utf8')) as { sessions: Sessions }).sessions;
const login = () => ran(['login', '--username', 'boss'], { input: `${PASSWORD}\n` });
const list = () => ran(['dead-letters', 'list']);

/** Changes what is kept of the sign-in, as time or another program would. */
function change(fields: object): void {
  const sessions = { ...kept(), [shop.url]: { ...kept()[shop.url], ...fields } };
  writeFileSync(file, JSON.stringify({ sessions }));
}

test('who has signed in is known to the commands after it, and the password is kept nowhere', async () => {
  assert.match((await list()).err, /^Say who you are: with `tradepost login --url .*TRADEPOST_TOKEN/);
  assert.deepEqual(await login(), { code: 0, out: `Signed in at ${shop.url} as boss.\n`, err: '' });
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(join(folder, 'tradepost')).mode & 0o777, 0o700);
  assert.ok(!readFileSync(file, 'utf8').includes(PASSWORD));
  assert.deepEqual(await list(), { code: 0, out: 'No dead letters.\n', err: '' });
  const forged = await ran(['dead-letters', 'list'], { env: { TRADEPOST_TOKEN: 'forged' } });
  assert.match(forged.err, /^a valid access token is needed/, 'a token that is given goes before it');
});

test('a token whose time is over is renewed, once for all who ask at the same time', async () => {
  await login();
  change({ expires_at: new Date(0).toISOString() });
  const earlier = kept()[shop.url];
  const all = await Promise.all([list(), list(), list()]);
  assert.deepEqual(
    all,
    [1, 2, 3].map(() => ({ code: 0, out: 'No dead letters.\n', err: '' })),
  );
  const now = kept()[shop.url];
  assert.notEqual(now?.refresh_token, earlier?.refresh_token);
  assert.ok(Date.parse(now?.expires_at ?? '') > Date.now());
});

test('a token that is refused before its time is renewed too', async () => {
  await login();
  change({ token: 'none.of.ours' });
  assert.deepEqual(await list(), { code: 0, out: 'No dead letters.\n', err: '' });
});

test('a session that has ended is said to have, with the command that begins another', async () => {
  await login();
  change({ refresh_token: 'used', expires_at: new Date(0).toISOString() });
  const { code, out, err } = await ran(['dead-letters', 'list', '--json']);
  assert.deepEqual([code, out], [1, '']);
  assert.deepEqual(JSON.parse(err), {
    error: `The sign-in of boss at ${shop.url} has ended; sign in again with \`tradepost login --url ${shop.url}\`.`,
    code: 'SIGN_IN_ENDED',
  });
});

test('who signs out has ended the session and left nothing', async () => {
  await login();
  const { refresh_token = '' } = kept()[shop.url] ?? {};
  assert.deepEqual(await ran(['logout']), { code: 0, out: `Signed out at ${shop.url}.\n`, err: '' });
  assert.equal(kept()[shop.url], undefined);
  const { status } = await shop.guest.post('/auth/token', { grant_type: 'refresh_token', refresh_token });
  assert.equal(status, 400);
  const again = await ran(['logout', '--json']);
  assert.deepEqual(JSON.parse(again.out), { url: shop.url, signed_out: false });
});

test('a session that cannot be ended is forgotten, and that is said', async () => {
  await login();
  const away = `http://127.0.0.1:${await freePort()}`;
  const sessions = { [away]: kept()[shop.url] };
  writeFileSync(file, JSON.stringify({ sessions }));
  const { code, err } = await ran(['logout'], { url: away });
  assert.equal(code, 1);
  assert.match(err, /^The sign-in was forgotten here, but its session was not ended: Nothing of Tradepost answers/);
  assert.deepEqual(kept(), {});
});

test('a file that others may read, or that is damaged, is not used', async () => {
  await login();
  chmodSync(file, 0o644);
  assert.match((await list()).err, /may be read by others; run `chmod 600 /);
  chmodSync(file, 0o600);
  writeFileSync(file, '{');
  assert.match((await list()).err, /is damaged; remove it, and sign in again/);
  rmSync(file);
});

test('a sign-in that fails keeps nothing', async () => {
  const wrong = await ran(['login', '--username', 'boss'], { input: 'wrong-password' });
  assert.deepEqual([wrong.code, wrong.out], [1, '']);
  assert.match(wrong.err, /^Invalid credentials/);
  assert.match((await ran(['login', '--username', 'boss'])).err, /^There is no password on standard input/);
  assert.match((await ran(['login'])).err, /^Name the user with --username/);
  assert.equal(existsSync(file), false);
});
