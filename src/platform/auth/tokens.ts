import { createSecretKey, type KeyObject } from 'node:crypto';
import {
  type CryptoKey,
  errors,
  importJWK,
  type JWK,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
  SignJWT,
} from 'jose';
import type { Actor, Role } from '../contract/contract.ts';
import { AppError, common, unavailable } from '../contract/errors.ts';
import { type KeySet, keySetAt } from './key-set.ts';

/**
 * Access tokens: JWTs with pinned algorithm, type, issuer and audience, verified in every service without a call to the
 * user service. A verified token is cached until it expires, so that a busy client costs one verification.
 */
export interface Tokens {
  /** Signs an access token for a user. Throws when this process holds no signing key. */
  sign(user: { id: number; username: string; role: Role }, seconds: number, session: string): Promise<string>;
  /** The actor of an Authorization header; anonymous when there is none. Throws as `claims` does. */
  actor(authorization: string | undefined): Actor | Promise<Actor>;
  /**
   * The claims of a token after its signature, algorithm, type, issuer, audience and times were verified, without the
   * cache. Throws UNAUTHENTICATED for an invalid token, and UNAVAILABLE when it cannot be verified: the keys cannot be
   * fetched, or the clock of this process is behind that of the issuer.
   */
  claims(token: string): Promise<TokenClaims>;
  /** Uses an Ed25519 private key, as the user service keeps it. */
  useKey(jwk: JWK): Promise<void>;
  /** Verifies with the keys that the user service publishes. `onStale` is called when they cannot be renewed. */
  useJwks(url: string, onStale?: (error: Error) => void): void;
  /** The public keys (RFC 7517); empty with HS256, whose key is secret. */
  jwks(): { keys: JWK[] };
}

/** The claims of a verified token. */
export interface TokenClaims {
  readonly actor: Actor;
  /** The scopes of an OAuth2 client; undefined for a user's own token, which has all rights of the user. */
  readonly scopes?: readonly string[];
}

export const ISSUER = 'tradepost';
export const AUDIENCE = 'tradepost';
const TYPE = 'at+jwt';
const MAX_CACHED = 20_000;
const CLOCK_TOLERANCE_SECONDS = 5;

const ANONYMOUS: Actor = Object.freeze({ kind: 'anonymous' });

interface CachedToken {
  readonly actor: Actor;
  readonly expiresAt: number;
}

/** Tokens signed with a shared secret (HS256) when there is one, else with a key that is given later. */
export function createTokens(secret: string | undefined): Tokens {
  let signer: { key: KeyObject | CryptoKey; alg: 'HS256' | 'EdDSA'; kid?: string } | undefined;
  let verifier: KeyObject | CryptoKey | KeySet = NO_KEYS;
  let published: JWK[] = [];
  let cache = new Map<string, CachedToken>();

  if (secret) {
    const key = createSecretKey(Buffer.from(secret));
    signer = { key, alg: 'HS256' };
    verifier = key;
  }

  const payloadOf = (token: string) => verifiedPayload(token, verifier, secret ? 'HS256' : 'EdDSA');

  async function verify(token: string): Promise<Actor> {
    const payload = await payloadOf(token);
    const actor = actorOf(payload);
    // A token with scopes is valid only on paths that check a scope.
    if (scopesOf(payload)) throw common.UNAUTHENTICATED();
    // A limit, so that many tokens cannot fill the memory; a cleared cache costs one verification each.
    if (cache.size >= MAX_CACHED) cache = new Map();
    cache.set(token, { actor, expiresAt: (payload.exp ?? 0) * 1000 });
    return actor;
  }

  return {
    async sign(user, seconds, session) {
      if (!signer) throw new Error('this process holds no key to sign tokens with');
      const now = Math.floor(Date.now() / 1000);
      return new SignJWT({ username: user.username, role: user.role, sid: session })
        .setProtectedHeader({ alg: signer.alg, typ: TYPE, kid: signer.kid })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject(String(user.id))
        .setIssuedAt(now)
        .setExpirationTime(now + seconds)
        .sign(signer.key);
    },
    actor(authorization) {
      if (authorization === undefined) return ANONYMOUS;
      const token = /^Bearer +(\S+)$/i.exec(authorization)?.[1];
      if (!token) throw common.UNAUTHENTICATED();
      const known = cache.get(token);
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
      signer = { key: (await importJWK(jwk, 'EdDSA')) as CryptoKey, alg: 'EdDSA', kid: jwk.kid };
      verifier = (await importJWK(open, 'EdDSA')) as CryptoKey;
      published = [{ ...open, alg: 'EdDSA', use: 'sig' }];
    },
    useJwks(url, onStale) {
      if (!secret) verifier = keySetAt(url, onStale);
    },
    jwks: () => ({ keys: published }),
  };
}

const noKey = async (): Promise<never> => {
  throw unavailable('this process has no key to verify tokens with');
};
const NO_KEYS: KeySet = { find: noKey, ready: noKey };

type VerifyingKey = KeyObject | CryptoKey | KeySet;
const isKeySet = (key: VerifyingKey): key is KeySet => 'find' in key;

async function verifiedPayload(token: string, key: VerifyingKey, algorithm: string): Promise<JWTPayload> {
  const options = {
    algorithms: [algorithm],
    issuer: ISSUER,
    audience: AUDIENCE,
    typ: TYPE,
    requiredClaims: ['sub', 'exp', 'iat', 'role', 'username'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
  };
  try {
    const { payload } = isKeySet(key)
      ? await jwtVerify(token, key.find as JWTVerifyGetKey, options)
      : await jwtVerify(token, key, options);
    refuseFuture(payload.iat);
    return payload;
  } catch (error) {
    // When the issuer publishes no keys, the settings of the two processes differ; `ready` throws that cause.
    if (isKeySet(key) && error instanceof errors.JOSEAlgNotAllowed) await key.ready();
    throw refusalOf(error);
  }
}

/** Errors that are the fault of the token. Any other error of a verification is an internal fault. */
const TOKEN_ERRORS = new Set<string>([
  errors.JWTExpired.code,
  errors.JWTClaimValidationFailed.code,
  errors.JWTInvalid.code,
  errors.JWSInvalid.code,
  errors.JWSSignatureVerificationFailed.code,
  errors.JOSEAlgNotAllowed.code,
  // An unknown critical extension.
  errors.JOSENotSupported.code,
  errors.JWKSNoMatchingKey.code,
  errors.JWKSMultipleMatchingKeys.code,
]);

function refusalOf(error: unknown): AppError {
  if (error instanceof AppError) return error;
  // Tradepost's tokens have no `nbf`, so a failed `nbf` is the token's fault, unless `iat` is in the future too.
  if (error instanceof errors.JWTClaimValidationFailed && isFuture(error.payload.iat))
    return clockFault(error.payload.iat ?? 0);
  if (error instanceof errors.JOSEError && TOKEN_ERRORS.has(error.code)) return common.UNAUTHENTICATED();
  return unavailable('a token could not be verified', error);
}

// The signature is valid, so `iat` is the issuer's time: when it is in the future, one of the clocks is wrong.
function refuseFuture(issuedAt: number | undefined): void {
  if (isFuture(issuedAt)) throw clockFault(issuedAt ?? 0);
}

const isFuture = (moment: number | undefined): boolean =>
  moment !== undefined && moment > Date.now() / 1000 + CLOCK_TOLERANCE_SECONDS;

function clockFault(moment: number): AppError {
  const seconds = Math.round(moment - Date.now() / 1000);
  return unavailable(
    `the clock of the process that issues tokens differs from ours by about ${seconds} s; let both follow the same time server`,
  );
}

function actorOf(payload: JWTPayload): Actor {
  const id = Number(payload.sub);
  const { username, role, sid } = payload as { username?: unknown; role?: unknown; sid?: unknown };
  if (!Number.isSafeInteger(id) || id < 1 || typeof username !== 'string' || !isRole(role))
    throw common.UNAUTHENTICATED();
  return Object.freeze({ kind: 'user', id, username, role, session: typeof sid === 'string' ? sid : undefined });
}

// RFC 9068: a space-separated list.
function scopesOf({ scope }: JWTPayload & { scope?: unknown }): readonly string[] | undefined {
  if (scope === undefined) return undefined;
  if (typeof scope !== 'string') throw common.UNAUTHENTICATED();
  return scope.split(' ');
}

function isRole(role: unknown): role is Role {
  return role === 'customer' || role === 'staff' || role === 'admin';
}
