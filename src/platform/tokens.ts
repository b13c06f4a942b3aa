import { createHmac, createSecretKey, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';
import {
  type CryptoKey,
  createRemoteJWKSet,
  importJWK,
  type JWK,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  SignJWT,
} from 'jose';
import type { Actor, Ctx, Role } from './contract.ts';
import { common } from './errors.ts';

/**
 * Access tokens: JWTs whose algorithm, type, issuer and audience are pinned, verified in every service without a
 * call home. A verified token is remembered until it expires, so that a busy client costs one verification.
 */
export interface Tokens {
  /** Signs an access token for a user. Throws when this process holds no signing key. */
  sign(user: { id: number; username: string; role: Role }, seconds: number, session: string): Promise<string>;
  /** The actor of an Authorization header; anonymous when there is none. Throws UNAUTHENTICATED for a bad one. */
  actor(authorization: string | undefined): Actor | Promise<Actor>;
  /**
   * What a token says whose signature, algorithm, type, issuer, audience and times are good; verified each time.
   * Throws UNAUTHENTICATED.
   */
  claims(token: string): Promise<Claims>;
  /** Uses an Ed25519 private key, as the user service keeps it. */
  useKey(jwk: JWK): Promise<void>;
  /** Verifies with the keys that the user service publishes. */
  useJwks(url: string): void;
  /** The public keys (RFC 7517); empty with HS256, whose key is secret. */
  jwks(): { keys: JWK[] };
}

/** What a verified token says. */
export interface Claims {
  readonly actor: Actor;
  /** What an OAuth2 client was granted; undefined for a person's own token, which may do all that the person may. */
  readonly scopes?: readonly string[];
}

export const ISSUER = 'tradepost';
export const AUDIENCE = 'tradepost';
const TYPE = 'at+jwt';
const MAX_REMEMBERED = 20_000;

const ANONYMOUS: Actor = Object.freeze({ kind: 'anonymous' });

interface Remembered {
  readonly actor: Actor;
  readonly expiresAt: number;
}

/** Tokens signed with a shared secret (HS256) when there is one, else with a key that is given later. */
export function createTokens(secret: string | undefined): Tokens {
  let signing: { key: KeyObject | CryptoKey; alg: 'HS256' | 'EdDSA'; kid?: string } | undefined;
  let verifying: KeyObject | CryptoKey | JWTVerifyGetKey | undefined;
  let published: JWK[] = [];
  let remembered = new Map<string, Remembered>();

  if (secret) {
    const key = createSecretKey(Buffer.from(secret));
    signing = { key, alg: 'HS256' };
    verifying = key;
  }

  const payloadOf = (token: string) => verifiedPayload(token, verifying, secret ? 'HS256' : 'EdDSA');

  async function verify(token: string): Promise<Actor> {
    const payload = await payloadOf(token);
    const actor = actorOf(payload);
    // A client was granted some things, not all: it is let in only where its scope is asked for.
    if (scopesOf(payload)) throw common.UNAUTHENTICATED();
    // A bound, so that many tokens cannot fill the memory; forgetting costs one verification each.
    if (remembered.size >= MAX_REMEMBERED) remembered = new Map();
    remembered.set(token, { actor, expiresAt: (payload.exp ?? 0) * 1000 });
    return actor;
  }

  return {
    async sign(user, seconds, session) {
      if (!signing) throw new Error('this process holds no key to sign tokens with');
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ username: user.username, role: user.role, sid: session })
        .setProtectedHeader({ alg: signing.alg, typ: TYPE, kid: signing.kid })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(String(user.id))
        .setIssuedAt(now)
        .setExpirationTime(now + seconds)
        .sign(signing.key);
    },
    actor(authorization) {
      if (authorization === undefined) return ANONYMOUS;
      const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
      if (!token) throw common.UNAUTHENTICATED();
      const known = remembered.get(token);
      if (known && known.expiresAt > Date.now()) return known.actor;
      return verify(token);
    },
    async claims(token) {
      const payload = await payloadOf(token);
      return { actor: actorOf(payload), scopes: scopesOf(payload) };
    },
    async useKey(jwk) {
      if (secret) return;
      const { d: _private, ...open } = jwk;
      signing = { key: (await importJWK(jwk, 'EdDSA')) as CryptoKey, alg: 'EdDSA', kid: jwk.kid };
      verifying = (await importJWK(open, 'EdDSA')) as CryptoKey;
      published = [{ ...open, alg: 'EdDSA', use: 'sig' }];
    },
    useJwks(url) {
      if (!secret) verifying = createRemoteJWKSet(new URL(url), { timeoutDuration: 5_000 });
    },
    jwks: () => ({ keys: published }),
  };
}

async function verifiedPayload(
  token: string,
  key: KeyObject | CryptoKey | JWTVerifyGetKey | undefined,
  algorithm: string,
): Promise<JWTPayload> {
  const options = {
    algorithms: [algorithm],
    issuer: ISSUER,
    audience: AUDIENCE,
    typ: TYPE,
    requiredClaims: ['sub', 'exp', 'iat', 'role', 'username'],
    clockTolerance: 5,
  };
  try {
    if (!key) throw new Error('no key');
    const { payload } =
      typeof key === 'function' ? await jwtVerify(token, key, options) : await jwtVerify(token, key, options);
    return payload;
  } catch (error) {
    throw Object.assign(common.UNAUTHENTICATED(), { cause: error });
  }
}

function actorOf(payload: JWTPayload): Actor {
  const id = Number(payload.sub);
  const { username, role, sid } = payload as { username?: unknown; role?: unknown; sid?: unknown };
  if (!Number.isSafeInteger(id) || id < 1 || typeof username !== 'string' || !isRole(role))
    throw common.UNAUTHENTICATED();
  return Object.freeze({ kind: 'user', id, username, role, session: typeof sid === 'string' ? sid : undefined });
}

// RFC 9068: words between spaces.
function scopesOf({ scope }: JWTPayload & { scope?: unknown }): readonly string[] | undefined {
  if (scope === undefined) return undefined;
  if (typeof scope !== 'string') throw common.UNAUTHENTICATED();
  return scope.split(' ');
}

function isRole(role: unknown): role is Role {
  return role === 'customer' || role === 'staff' || role === 'admin';
}

/** How a Ctx travels between processes: signed, for one receiver, for half a minute. */
export interface CtxSeal {
  seal(ctx: Ctx, to: string): string;
  /** The Ctx of a sealed header. Throws UNAUTHENTICATED when it is forged, late or for somebody else. */
  open(header: string, me: string): Ctx;
}

export const CTX_HEADER = 'x-tradepost-ctx';
const SEAL_SECONDS = 30;

/** The seal made from the secret that the processes share. */
export function createSeal(secret: string): CtxSeal {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'tradepost ctx v1', 32));
  const sign = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return {
    seal(ctx, to) {
      const body = Buffer.from(JSON.stringify({ ctx, to, until: Date.now() + SEAL_SECONDS * 1000 })).toString(
        'base64url',
      );
      return `${body}.${sign(body).toString('base64url')}`;
    },
    open(header, me) {
      const [body = '', signature = ''] = header.split('.');
      const given = Buffer.from(signature, 'base64url');
      const wanted = sign(body);
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) throw common.UNAUTHENTICATED();
      const { ctx, to, until } = JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as SealedCtx;
      if (to !== me || until < Date.now()) throw common.UNAUTHENTICATED();
      return Object.freeze(ctx);
    },
  };
}

interface SealedCtx {
  ctx: Ctx;
  to: string;
  until: number;
}
