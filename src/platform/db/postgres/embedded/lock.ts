import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { makeFolder } from '../../../app/folders.ts';

/** The data directory already has a living owner; `pid` is undefined when the owner has not yet written its own. */
export class AlreadyRunning extends Error {
  override readonly name = 'AlreadyRunning';
  readonly directory: string;
  readonly pid: number | undefined;

  constructor(directory: string, pid: number | undefined) {
    const owner = pid === undefined ? 'another process' : `process ${pid}`;
    super(
      `The data directory ${directory} is in use by ${owner}; stop it first, or set DATA_DIR to another directory for a shop of its own. ` +
        'Services of one shop in several processes need one DATABASE_URL with DB_DRIVER=postgres.',
    );
    this.directory = directory;
    this.pid = pid;
  }
}

// A database that nothing refers to is closed by the garbage collector, and its lock would go with it.
const held = new Set<DatabaseSync>();

/**
 * Takes `dir` (created if missing) for this process alone until `release` or death: SQLite holds the lock in the
 * kernel, so a kill -9 frees it at once. Throws AlreadyRunning when another process, or this one, has it already.
 */
export function lockDirectory(dir: string): { release(): void } {
  const directory = resolve(dir);
  makeFolder(directory);
  const pidFile = join(directory, 'lock.pid');
  const database = openQuietly(join(directory, 'lock.sqlite'));
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw isBusy(error) ? new AlreadyRunning(directory, holderOf(pidFile)) : error;
  }
  held.add(database);
  writeFileSync(pidFile, `${process.pid}\n`);
  return {
    release() {
      if (!held.delete(database)) return;
      rmSync(pidFile, { force: true });
      database.close();
    },
  };
}

/**
 * Takes `file` (created if missing) for this process, and waits for others that have it up to `patienceMs`, during which
 * this thread does nothing else. Freed by `release` or death. Throws SQLite's error when it stays taken.
 */
export function lockFile(file: string, patienceMs: number): { release(): void } {
  const database = openQuietly(file);
  try {
    database.exec(`PRAGMA busy_timeout = ${patienceMs}; BEGIN EXCLUSIVE`);
  } catch (error) {
    database.close();
    throw error;
  }
  held.add(database);
  return {
    release() {
      if (held.delete(database)) database.close();
    },
  };
}

/** Opens the file without the ExperimentalWarning that some versions of node print when SQLite is first loaded. */
function openQuietly(file: string): DatabaseSync {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning: string | Error, ...rest: unknown[]) => {
    if (!String(warning).startsWith('SQLite is an experimental feature')) {
      Reflect.apply(emitWarning, process, [warning, ...rest]);
    }
  };
  try {
    const sqlite = process.getBuiltinModule('node:sqlite');
    return new sqlite.DatabaseSync(file);
  } finally {
    process.emitWarning = emitWarning;
  }
}

function isBusy(error: unknown): boolean {
  const SQLITE_BUSY = 5;
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

/** The owner writes its pid a moment after it takes the lock, and a dead owner's file may still lie there. */
function holderOf(pidFile: string): number | undefined {
  for (let attempt = 0; attempt < 20; attempt++) {
    const pid = readPid(pidFile);
    if (pid !== undefined && isAlive(pid)) return pid;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
  }
  return undefined;
}

function readPid(pidFile: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidFile, 'utf8'));
    return Number.isInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process, but a living one.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
