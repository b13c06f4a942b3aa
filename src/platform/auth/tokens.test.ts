import assert from 'node:assert/strict';
import { createHmac, createSecretKey } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose';
import type { Actor } from '../contract/contract.ts';
import type { AppError } from '../contract/errors.ts';
import { AUDIENCE, createTokens, ISSUER, type Tokens } from './tokens.ts';

const SECRET = 'a secret that only tests know';
const alice = { id: 7, username: 'alice', role: 'customer' } as const;
const actor: Actor = { kind: 'user', ...alice, session: 'session-1' };
const refused = { code: 'TRADEPOST_UNAUTHENTICATED', kind: 'unauthenticated' };

const signed = (tokens: Tokens, seconds = 60) => tokens.sign(alice, seconds, 'session-1');
const actorOf = async (tokens: Tokens, token: string) => tokens.actor(`Bearer ${token}`);

async function ed25519(kid = 'key-1'): Promise<JWK> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  return { ...(await exportJWK(privateKey)), kid };
}

/** A handmade token: the claims of a valid one, overridden by the test. */
function handmade(claims: JWTPayload = {}, header: { alg?: string; typ?: string } = {}, secret = SECRET) {
  const now = Math.floor(Date.now() / 1000);
  const good = { sub: '7', username: 'alice', role: 'customer', iss: ISSUER, aud: AUDIENCE, iat: now, exp: now + 60 };
  return new SignJWT({ ...good, ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', ...header })
    .sign(createSecretKey(Buffer.from(secret)));
}

const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('with a shared secret a token names its user to every process that knows the secret', async () => {
  const token = await signed(createTokens(SECRET));
  assert.deepEqual(await actorOf(createTokens(SECRET), token), actor);
  assert.ok(Object.isFrozen(await actorOf(createTokens(SECRET), token)));
  await assert.rejects(actorOf(createTokens('another secret that is long'), token), refused);
});

test('with a key of its own a process publishes the public half, and others verify with that', async (t) => {
  const issuer = createTokens(undefined);
  await issuer.useKey(await ed25519());
  const [published, ...none] = issuer.jwks().keys;
  assert.deepEqual([published?.kid, published?.alg, published?.use, none], ['key-1', 'EdDSA', 'sig', []]);
  assert.equal(published && 'd' in published, false);

  const token = await signed(issuer);
  assert.deepEqual(await actorOf(issuer, token), actor);
  const other = createTokens(undefined);
  await assert.rejects(actorOf(other, token), { kind: 'unavailable', retryAfterSeconds: 1 });
  other.useJwks(await serve(t, JSON.stringify(issuer.jwks())));
  assert.deepEqual(await actorOf(other, token), actor);

  const stranger = createTokens(undefined);
  await stranger.useKey(await ed25519());
  await assert.rejects(actorOf(other, await signed(stranger)), refused);
});

async function serve(t: TestContext, body: string): Promise<string> {
  const server = createServer((_request, response) => response.setHeader('content-type', 'application/json').end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
}

test('with a secret there is nothing to publish, and a process without a key cannot sign', async () => {
  assert.deepEqual(createTokens(SECRET).jwks(), { keys: [] });
  await assert.rejects(signed(createTokens(undefined)), /no key to sign/);
});

test('without a header the actor is anonymous; a header without a bearer token is refused', async () => {
  const tokens = createTokens(SECRET);
  assert.deepEqual(tokens.actor(undefined), { kind: 'anonymous' });
  const token = await signed(tokens);
  assert.deepEqual(await tokens.actor(`bearer  ${token}`), actor);
  for (const header of ['', token, 'Bearer', 'Bearer ', `Basic ${token}`, `Bearer ${token} more`]) {
    assert.throws(() => tokens.actor(header), refused, header);
  }
});

test('a token that is not signed, or by another algorithm, is refused', async () => {
  const tokens = createTokens(SECRET);
  const [, payload = ''] = (await handmade()).split('.');
  const none = `${base64url({ alg: 'none', typ: 'at+jwt' })}.${payload}.`;
  const rehashed = `${base64url({ alg: 'HS512', typ: 'at+jwt' })}.${payload}`;
  const hs512 = `${rehashed}.${createHmac('sha512', SECRET).update(rehashed).digest('base64url')}`;
  for (const token of [none, `${none}x`, hs512, 'x', 'a.b.c']) {
    await assert.rejects(actorOf(tokens, token), refused, token);
  }
});

test('the public key of an issuer is no secret to sign with', async () => {
  const issuer = createTokens(undefined);
  await issuer.useKey(await ed25519());
  const [published] = issuer.jwks().keys;
  for (const secret of [JSON.stringify(published), String(published?.x)]) {
    await assert.rejects(actorOf(issuer, await handmade({}, {}, secret)), refused);
  }
});

test('issuer, audience and type must be those of an access token of Tradepost', async () => {
  const tokens = createTokens(SECRET);
  assert.equal((await actorOf(tokens, await handmade())).kind, 'user');
  const wrong = [
    handmade({ iss: 'somebody else' }),
    handmade({ aud: 'another shop' }),
    handmade({}, { typ: 'JWT' }),
    handmade({}, { typ: 'refresh+jwt' }),
    handmade({ iss: undefined }),
    handmade({ aud: undefined }),
  ];
  for (const token of await Promise.all(wrong)) await assert.rejects(actorOf(tokens, token), refused, token);
});

test('a token says who, what, since when and until when, or is refused', async () => {
  const tokens = createTokens(SECRET);
  for (const claim of ['sub', 'username', 'role', 'iat', 'exp']) {
    await assert.rejects(actorOf(tokens, await handmade({ [claim]: undefined })), refused, claim);
  }
  for (const claims of [{ sub: 'alice' }, { sub: '1.5' }, { role: 'owner' }, { username: 7 }] as JWTPayload[]) {
    await assert.rejects(actorOf(tokens, await handmade(claims)), refused, JSON.stringify(claims));
  }
});

test('a token changed by one letter is refused', async () => {
  const tokens = createTokens(SECRET);
  const [header, payload = '', signature] = (await handmade()).split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const raised = base64url({ ...claims, role: 'admin' });
  await assert.rejects(actorOf(tokens, `${header}.${raised}.${signature}`), refused);
});

test('a verified token is cached until it expires', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-07-28T09:30:00Z') });
  const tokens = createTokens(SECRET);
  const token = await signed(tokens, 60);
  assert.ok(tokens.actor(`Bearer ${token}`) instanceof Promise);
  await actorOf(tokens, token);
  assert.deepEqual(tokens.actor(`Bearer ${token}`), actor);
  t.mock.timers.tick(59_000);
  assert.deepEqual(tokens.actor(`Bearer ${token}`), actor);
  // Clocks may differ by five seconds; after that the token has expired.
  t.mock.timers.tick(10_000);
  await assert.rejects(actorOf(tokens, token), refused);
  await assert.rejects(actorOf(createTokens(SECRET), token), refused);
});

test('a validly signed token from the future is a clock fault, not a fault of its bearer', async () => {
  const tokens = createTokens(SECRET);
  const now = Math.floor(Date.now() / 1000);
  for (const claims of [{ iat: now + 60 }, { iat: now + 60, nbf: now + 60 }]) {
    const token = await handmade({ ...claims, exp: now + 600 });
    await assert.rejects(actorOf(tokens, token), (error: AppError) => {
      assert.deepEqual([error.kind, error.retryAfterSeconds], ['unavailable', 1]);
      assert.match(String(error.cause), /clock .* differs from ours by about (59|60) s/);
      return true;
    });
    // A forged one is still refused: only a valid signature proves that a clock is wrong.
    const forged = await handmade({ ...claims, exp: now + 600 }, {}, 'another secret that is long');
    await assert.rejects(actorOf(tokens, forged), refused);
  }
  await assert.rejects(actorOf(tokens, await handmade({ nbf: now + 60, exp: now + 600 })), refused);
  assert.equal((await actorOf(tokens, await handmade({ iat: now + 3, exp: now + 60 }))).kind, 'user');
});
