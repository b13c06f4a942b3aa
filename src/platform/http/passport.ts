import { Authenticator } from '@fastify/passport';
import type { FastifyReply, FastifyRequest } from 'fastify';
import passportJwt from 'passport-jwt';
import type { TokenClaims, Tokens } from '../auth/tokens.ts';
import type { Actor } from '../contract/contract.ts';
import { common } from '../contract/errors.ts';

/** The caller of a path that needs a scope. Throws UNAUTHENTICATED, and SCOPE_MISSING for a client without it. */
export type Passport = (request: FastifyRequest, scope: string) => Promise<Actor>;

const { ExtractJwt, Strategy } = passportJwt;

type Verifier = (
  token: string,
  keys: Tokens,
  options: object,
  done: (error: unknown, claims?: TokenClaims) => void,
) => void;

// The library's verifier does not support Ed25519. This one is the verifier of every other path: algorithm, type,
// issuer, audience and times are pinned there. `keys` is what `secretOrKeyProvider` returns, so that it fits any server.
(Strategy as unknown as { JwtVerifier: Verifier }).JwtVerifier = (token, keys, _options, done) => {
  keys.claims(token).then((claims) => done(null, claims), done);
};

/** Passport.js with its JWT strategy and without its sessions. */
export function passportOver(tokens: Tokens): Passport {
  const authenticator = new Authenticator();
  authenticator.use(
    new Strategy(
      {
        jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
        secretOrKeyProvider: (_request, _token, done) => done(null, tokens as never),
      },
      (claims: TokenClaims, done) => done(null, claims),
    ),
  );
  const authenticate = authenticator.authenticate(
    'jwt',
    { session: false },
    async (_request, _reply, error, claims) => {
      if (error) throw error;
      if (!claims) throw common.UNAUTHENTICATED();
      return claims as never;
    },
  ) as unknown as (request: FastifyRequest, reply: FastifyReply) => Promise<TokenClaims>;
  return async (request, scope) => {
    // Its plugin would only set this property, and needs sessions. A strategy that only reads a header needs no reply.
    const withPassport: FastifyRequest = Object.create(request, { passport: { value: authenticator } });
    const { actor, scopes } = await authenticate(withPassport, NO_REPLY);
    if (scopes && !scopes.includes(scope)) throw common.SCOPE_MISSING({ scope });
    return actor;
  };
}

const NO_REPLY = Object.freeze({}) as FastifyReply;
