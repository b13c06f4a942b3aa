import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { freePort } from '../../testing/ports.ts';
import type { AppError } from '../contract/errors.ts';
import { createTokens, type Tokens } from './tokens.ts';

const alice = { id: 7, username: 'alice', role: 'customer' } as const;
const refused = { code: 'TRADEPOST_UNAUTHENTICATED' };

async function issuerWith(kid: string): Promise<Tokens> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const issuer = createTokens(undefined);
  await issuer.useKey({ ...(await exportJWK(privateKey)), kid } as JWK);
  return issuer;
}

const signed = (issuer: Tokens) => issuer.sign(alice, 600, 's');
const actorOf = async (tokens: Tokens, token: string) => tokens.actor(`Bearer ${token}`);

interface Publisher {
  readonly url: string;
  asked: number;
  answer(request: IncomingMessage, response: ServerResponse): void;
}

async function publisher(t: TestContext, keys: object): Promise<Publisher> {
  const it: Publisher = {
    url: '',
    asked: 0,
    answer: (_request, response) => response.setHeader('content-type', 'application/json').end(JSON.stringify(keys)),
  };
  const server = createServer((request, response) => {
    it.asked += 1;
    it.answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(it, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks` });
}

function verifierAt(url: string, onStale?: (error: Error) => void): Tokens {
  const tokens = createTokens(undefined);
  tokens.useJwks(url, onStale);
  return tokens;
}

/** Asserts that a valid token ends with an internal fault, with a cause for the log. */
async function ours(tokens: Tokens, token: string, cause: RegExp): Promise<void> {
  await assert.rejects(actorOf(tokens, token), (error: AppError) => {
    assert.deepEqual([error.status, error.retryAfterSeconds], [503, 1]);
    assert.match(String(error.cause), cause);
    return true;
  });
}

test('a key set that cannot be fetched is an internal fault, and names its cause', async (t) => {
  const issuer = await issuerWith('key-1');
  const token = await signed(issuer);
  await ours(verifierAt(`http://127.0.0.1:${await freePort()}/jwks`), token, /refuses the connection/);
  const answers: [Publisher['answer'], RegExp][] = [
    [(_, response) => response.writeHead(500).end('{}'), /answers 500/],
    [(_, response) => response.writeHead(404).end('{}'), /answers 404/],
    [(_, response) => response.writeHead(302, { location: '/elsewhere' }).end(), /answers 302/],
    [(_, response) => response.end('<html>welcome</html>'), /answers no key set/],
    [(_, response) => response.end('null'), /answers no key set/],
    [(_, response) => response.end('{"keys":"none"}'), /answers no key set/],
    [(_, response) => response.end('{"keys":[null]}'), /answers no key set/],
    [(_, response) => response.end('{"keys":[]}'), /publishes no key/],
    [(_, response) => response.writeHead(200, { 'content-length': '900' }).end('{"keys":['), /./],
    [(_, response) => response.socket?.destroy(), /ended the connection|does not answer/],
  ];
  for (const [answer, cause] of answers) {
    const there = await publisher(t, {});
    there.answer = answer;
    await ours(verifierAt(there.url), token, cause);
  }
});

test('an invalid token is the caller’s fault even while the key set cannot be fetched', async () => {
  const tokens = verifierAt('http://127.0.0.1:9/jwks');
  await assert.rejects(actorOf(tokens, 'nonsense'), refused);
  await assert.rejects(actorOf(tokens, 'a.b.c'), refused);
});

test('where the issuer signs with a secret and this process knows none, the settings differ', async (t) => {
  const secretly = createTokens('a secret that only the other knows');
  const there = await publisher(t, secretly.jwks());
  await ours(verifierAt(there.url), await signed(secretly), /JWT_SECRET is set there and not here/);
});

test('a process finds the keys when they are available again, and limits its requests until then', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const issuer = await issuerWith('key-1');
  const token = await signed(issuer);
  const there = await publisher(t, issuer.jwks());
  const good = there.answer;
  there.answer = (_, response) => response.writeHead(503).end();
  const tokens = verifierAt(there.url);
  await Promise.all(Array.from({ length: 50 }, () => ours(tokens, token, /answers 503/)));
  for (let n = 0; n < 50; n++) await ours(tokens, token, /answers 503/);
  assert.equal(there.asked, 1);
  there.answer = good;
  t.mock.timers.tick(2_000);
  assert.equal((await actorOf(tokens, token)).kind, 'user');
});

test('many unknown keys are refused with one request to the key set in each interval', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const [issuer, stranger] = await Promise.all([issuerWith('key-1'), issuerWith('made-up')]);
  const there = await publisher(t, issuer.jwks());
  const tokens = verifierAt(there.url);
  const forged = await signed(stranger);
  for (let n = 0; n < 50; n++) await assert.rejects(actorOf(tokens, forged), refused);
  assert.equal(there.asked, 1);
  t.mock.timers.tick(3_000);
  for (let n = 0; n < 50; n++) await assert.rejects(actorOf(tokens, forged), refused);
  assert.equal(there.asked, 2);
  assert.equal((await actorOf(tokens, await signed(issuer))).kind, 'user');
});

test('a key that was changed is found at once', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const [before, after] = await Promise.all([issuerWith('key-1'), issuerWith('key-2')]);
  const there = await publisher(t, before.jwks());
  const tokens = verifierAt(there.url);
  await actorOf(tokens, await signed(before));
  there.answer = (_, response) => response.end(JSON.stringify(after.jwks()));
  t.mock.timers.tick(3_000);
  assert.equal((await actorOf(tokens, await signed(after))).kind, 'user');
  assert.equal(there.asked, 2);
});

test('keys that cannot be renewed are used for an hour, and onStale is called', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.now() });
  const issuer = await issuerWith('key-1');
  const there = await publisher(t, issuer.jwks());
  const heard: Error[] = [];
  const tokens = verifierAt(there.url, (error) => heard.push(error));
  const token = await issuer.sign(alice, 24 * 3_600, 's');
  assert.equal((await tokens.claims(token)).actor.kind, 'user');
  there.answer = (_, response) => response.writeHead(500).end();
  t.mock.timers.tick(11 * 60_000);
  assert.equal((await tokens.claims(token)).actor.kind, 'user');
  assert.match(String(heard[0]?.cause), /answers 500/);
  t.mock.timers.tick(50 * 60_000);
  await assert.rejects(tokens.claims(token), { kind: 'unavailable' });
});
