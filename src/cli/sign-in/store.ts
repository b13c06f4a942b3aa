import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../../platform/app/folders.ts';
import { configFolder } from '../../platform/config/config.ts';
import { lockFile } from '../../platform/db/postgres/embedded/lock.ts';
import { CliError } from '../cli-error.ts';

/** The stored session of one address; it never contains the password. */
export interface SavedSession {
  readonly username: string;
  readonly token: string;
  readonly refresh_token: string;
  /** RFC 3339, of the token. */
  readonly expires_at: string;
}

export type Sessions = Readonly<Record<string, SavedSession | undefined>>;

const folder = (): string => join(configFolder(), 'tradepost');

/** The file of the sessions, readable by its owner only. */
export const sessionsFile = (): string => join(folder(), 'credentials.json');

/** Every session, by address. Throws CliError when the file is damaged, or readable by others. */
export function readSessions(): Sessions {
  const file = sessionsFile();
  const info = statSync(file, { throwIfNoEntry: false });
  if (!info) return {};
  if ((info.mode & 0o077) !== 0) {
    throw new CliError(`'${file}' may be read by others; run \`chmod 600 ${file}\`, and sign in again.`);
  }
  const sessions = parsed(readFileSync(file, 'utf8'));
  if (!sessions) throw new CliError(`'${file}' is damaged; remove it, and sign in again with \`tradepost login\`.`);
  return sessions;
}

function parsed(text: string): Sessions | undefined {
  try {
    const { sessions } = JSON.parse(text) as { sessions?: unknown };
    return typeof sessions === 'object' && sessions !== null && !Array.isArray(sessions)
      ? (sessions as Sessions)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Stores the session of one address; undefined removes it. The caller holds the session lock. */
export function saveSession(url: string, session: SavedSession | undefined): void {
  const { [url]: _old, ...others } = readSessions();
  const sessions = session === undefined ? others : { ...others, [url]: session };
  const file = sessionsFile();
  const unfinished = `${file}.${process.pid}`;
  rmSync(unfinished, { force: true });
  const fd = openSync(unfinished, 'wx', 0o600);
  try {
    writeSync(fd, `${JSON.stringify({ sessions }, null, 2)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(unfinished, file);
}

const LOCK_TIMEOUT_MS = 15_000;

/** Runs `work` while no other command changes the sessions: a refresh token that is used twice ends its session. */
export async function withSessionLock<T>(work: () => Promise<T>): Promise<T> {
  makeFolder(folder(), 0o700);
  const lock = lockFile(join(folder(), 'credentials.lock'), LOCK_TIMEOUT_MS);
  try {
    return await work();
  } finally {
    lock.release();
  }
}
