import { CliError } from '../cli-error.ts';
import { notTradepost, send } from '../http.ts';
import { readSessions, type SavedSession, saveSession, withSessionLock } from './store.ts';

/** A token is renewed this long before it expires, so that it is valid for the whole request. */
const MARGIN_MS = 60_000;

/** Signs in with a name and a password. Throws CliError with the sentence of the system. */
export async function signIn(base: string, username: string, password: string): Promise<SavedSession> {
  const { body } = await send(base, '/login', { method: 'POST', body: { username, password } });
  return sessionOf(base, username, body);
}

/**
 * The stored token of this address, renewed when it has expired or equals `refused`. Throws CliError, with the remedy,
 * when its session has ended.
 */
export async function currentToken(base: string, refused?: string): Promise<string> {
  const stored = readSessions()[base];
  if (stored && isValid(stored, refused)) return stored.token;
  return withSessionLock(async () => {
    // Another command may have renewed it while this one waited for the lock.
    const session = readSessions()[base];
    if (!session) throw sessionEnded(base);
    if (isValid(session, refused)) return session.token;
    const renewed = await renew(base, session);
    saveSession(base, renewed);
    return renewed.token;
  });
}

const isValid = ({ token, expires_at }: SavedSession, refused: string | undefined): boolean =>
  token !== refused && Date.parse(expires_at) - MARGIN_MS > Date.now();

async function renew(base: string, { username, refresh_token }: SavedSession): Promise<SavedSession> {
  const body = { grant_type: 'refresh_token', refresh_token };
  const answer = await send(base, '/auth/token', { method: 'POST', body }).catch((error: unknown) => {
    const ended = error instanceof CliError && [400, 401, 403].includes(error.status ?? 0);
    throw ended ? sessionEnded(base, username) : error;
  });
  return sessionOf(base, username, answer.body);
}

function sessionEnded(base: string, username?: string): CliError {
  const whose = username === undefined ? 'There is no sign-in' : `The sign-in of ${username}`;
  const text = username === undefined ? `${whose} at ${base}` : `${whose} at ${base} has ended`;
  return new CliError(`${text}; sign in again with \`tradepost login --url ${base}\`.`, { code: 'SIGN_IN_ENDED' });
}

function sessionOf(base: string, username: string, body: unknown): SavedSession {
  const { token, access_token, refresh_token, expires_in } = body as Record<string, unknown>;
  const given = token ?? access_token;
  if (typeof given !== 'string' || typeof refresh_token !== 'string' || typeof expires_in !== 'number') {
    throw notTradepost(base, 200);
  }
  return { username, token: given, refresh_token, expires_at: new Date(Date.now() + expires_in * 1_000).toISOString() };
}
