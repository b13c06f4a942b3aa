import { createHash, randomBytes } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';
import type { Tools } from '../../../platform/app/module.ts';
import type { Ctx } from '../../../platform/contract/contract.ts';
import { userErrors } from '../user.contract.ts';
import type { UserState } from '../user.model.ts';
import type { Span, UserRepository } from '../user.repository.ts';
import { userSettings } from '../user.settings.ts';

/** How long a session lasts after its last use. */
export const SESSION_DAYS = 30;

/** What a client holds after signing in. */
export interface TokenGrant {
  readonly token: string;
  readonly refresh_token: string;
  readonly expires_in: number;
}

/** Gives out tokens. */
export interface TokenIssuer {
  /** Opens a session. */
  open(ctx: Ctx, user: UserState): Promise<TokenGrant>;
  /** Goes on with the session of a refresh token. Throws INVALID_GRANT. */
  refresh(ctx: Ctx, refreshToken: string): Promise<TokenGrant>;
}

/** Tokens over the sessions of a repository. */
export function createTokenIssuer(
  users: UserRepository,
  { config, tokens }: Pick<Tools, 'config' | 'tokens'>,
): TokenIssuer {
  const { ACCESS_TOKEN_SECONDS: expires_in } = config.valuesOf(userSettings);

  async function grant(user: UserState, session: number, refresh_token: string): Promise<TokenGrant> {
    const who = { id: user.user_id, username: user.username, role: user.role };
    return { token: await tokens.sign(who, expires_in, String(session)), refresh_token, expires_in };
  }

  return {
    async open(ctx, user) {
      const token = newToken();
      return grant(user, await users.sessions.open(user, hashOf(token), spanFrom(ctx)), token);
    },
    async refresh(ctx, refreshToken) {
      const token = newToken();
      const session = await users.sessions.rotate(hashOf(refreshToken), hashOf(token), spanFrom(ctx));
      if (!session) throw userErrors.INVALID_GRANT();
      return grant(await users.get(session.user_id), session.session_id, token);
    },
  };
}

const newToken = (): string => randomBytes(32).toString('base64url');

// A token has 256 random bits, so a plain hash of it tells nothing.
const hashOf = (token: string): Buffer => createHash('sha256').update(token).digest();

function spanFrom({ now }: Ctx): Span {
  return { now, until: new Date(Date.parse(now) + SESSION_DAYS * 86_400_000).toISOString() };
}

/** A new Ed25519 private key, named by its thumbprint (RFC 7638). */
export async function makeSigningKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const jwk = await exportJWK(privateKey);
  return { ...jwk, kid: await calculateJwkThumbprint(jwk) };
}
