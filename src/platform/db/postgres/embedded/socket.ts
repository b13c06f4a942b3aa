import { lstatSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

// The kernel's limit for the path of a socket, without the final zero; macOS has the smaller one.
const LONGEST_BYTES = 103;
const LONGEST_NAME = '.s.PGSQL.65535';
const FAR_PREFIX = 'tradepost-';

/**
 * Creates an empty private directory for the server's socket: `postgres-socket` in the data directory, or when that
 * path is too long for a socket, one under the system's temporary directory that `postgres-socket` then links to.
 */
export function createSocketDirectory(dataDir: string): string {
  removeSocketDirectory(dataDir);
  const near = join(dataDir, 'postgres-socket');
  if (Buffer.byteLength(join(near, LONGEST_NAME)) <= LONGEST_BYTES) {
    mkdirSync(near, { mode: 0o700 });
    return near;
  }
  const far = mkdtempSync(join(tmpdir(), FAR_PREFIX));
  symlinkSync(far, near);
  return far;
}

/** Removes it again, wherever it is, also after a crash. No server may be using it. */
export function removeSocketDirectory(dataDir: string): void {
  const near = join(dataDir, 'postgres-socket');
  const info = lstatSync(near, { throwIfNoEntry: false });
  if (info?.isSymbolicLink()) {
    const far = readlinkSync(near);
    // Never follow a link that this module did not make.
    if (basename(far).startsWith(FAR_PREFIX) && dirname(far) === tmpdir())
      rmSync(far, { recursive: true, force: true });
  }
  rmSync(near, { recursive: true, force: true });
}
