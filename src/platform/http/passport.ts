import { Authenticator } from '@fastify/passport';
import type { FastifyReply, FastifyRequest } from 'fastify';
import passportJwt from 'passport-jwt';
import type { TokenClaims, Tokens } from '../auth/tokens.ts';
import type { Actor } from '../contract/contract.ts';
import { common } from '../contract/errors.ts';

/** Who calls an address that asks for a scope. Throws UNAUTHENTICATED, and SCOPE_MISSING for a client without it. */
export type Passport = (request: FastifyRequest, scope: string) => Promise<Actor>;

const { ExtractJwt, Strategy } = passportJwt;

type Verifier = (
  token: string,
  keys: Tokens,
  options: object,
  done: (error: unknown, claims?: TokenClaims) => void,
) => void;

// The library's own verifier knows no Ed25519. Ours is the one of every other address: algorithm, type, issuer,
// audience and times are pinned there. The `keys` are what `secretOrKeyProvider` hands over, so that it serves any.
(Strategy as unknown as { JwtVerifier: Verifier }).JwtVerifier = (token, keys, _options, done) => {
  keys.claims(token).then((claims) => done(null, claims), done);
};

/** Passport.js with its JWT strategy, and nothing of its sessions. */
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
  return async (request, asked) => {
    // Its plugin would only put this property there, and asks for sessions; a strategy that reads a header and answers
    // nothing by itself needs no reply either.
    const carrying: FastifyRequest = Object.create(request, { passport: { value: authenticator } });
    const { actor, scopes } = await authenticate(carrying, NO_REPLY);
    if (scopes && !scopes.includes(asked)) throw common.SCOPE_MISSING({ scope: asked });
    return actor;
  };
}

const NO_REPLY = Object.freeze({}) as FastifyReply;
