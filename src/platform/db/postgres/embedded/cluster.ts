import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { giveTo, type OsAccount, spawnAs } from './account.ts';
import { type Binaries, majorVersion } from './binaries.ts';
import type { ServerLog } from './log.ts';

export interface ClusterPlace {
  readonly dataDir: string;
  readonly cluster: string;
  readonly binaries: Binaries;
  readonly identity: OsAccount;
  readonly log: ServerLog;
  readonly progress: (text: string) => void;
}

const UNFINISHED = 'postgres-new-';

/** Throws a sentence when what lies in `cluster` can't be opened by these binaries and this user. */
export function checkCluster(cluster: string, binaries: Binaries): void {
  if (!existsSync(cluster)) return;
  const me = process.geteuid?.() ?? 0;
  const owner = statSync(cluster).uid;
  if (me !== 0 && owner !== me) {
    throw new Error(
      `The database in ${cluster} belongs to another user (uid ${owner}): start this program as that user ` +
        'or as root, or set DATA_DIR to another directory.',
    );
  }
  if (readdirSync(cluster).length === 0) return;
  const versionFile = join(cluster, 'PG_VERSION');
  if (!existsSync(versionFile)) {
    throw new Error(`${cluster} holds files but no database: remove it, or set DATA_DIR to another directory.`);
  }
  const [theirs, ours] = [readFileSync(versionFile, 'utf8').trim(), String(majorVersion(binaries))];
  if (theirs !== ours) {
    throw new Error(
      `The database in ${cluster} was made by PostgreSQL ${theirs} but this is PostgreSQL ${ours}: ` +
        `dump it with version ${theirs} and load it here, or set DATA_DIR to another directory.`,
    );
  }
}

/**
 * Creates the cluster unless it exists. It is built beside its place, flushed to disk and then renamed, so that a
 * crash at any moment leaves either none or a whole one.
 */
export async function ensureCluster(place: ClusterPlace): Promise<void> {
  const { dataDir, cluster, binaries, identity, log } = place;
  removeUnfinished(dataDir);
  if (existsSync(join(cluster, 'PG_VERSION'))) {
    giveTo(identity, cluster);
    return;
  }
  place.progress('Creating the database (at the first start only)');
  const unfinished = mkdtempSync(join(dataDir, UNFINISHED));
  giveTo(identity, unfinished);
  const mark = log.mark();
  const initdb = spawnAs(
    identity,
    [binaries.initdb, ...initdbOptions(unfinished, binaries)],
    ['ignore', log.fd, log.fd],
  );
  const [code] = await once(initdb, 'exit');
  if (code !== 0) {
    rmSync(unfinished, { recursive: true, force: true });
    throw new Error(`Creating the database in ${dataDir} failed:\n${log.since(mark).trim()}`);
  }
  renameSync(unfinished, cluster);
  flushDirectory(dataDir);
}

function initdbOptions(directory: string, binaries: Binaries): string[] {
  // Since version 17 the server brings Unicode rules of its own, the same on every system.
  const locale =
    majorVersion(binaries) >= 17
      ? ['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
      : ['--locale=C.UTF-8'];
  const access = ['--username=postgres', '--auth-local=trust', '--auth-host=scram-sha-256'];
  return [`--pgdata=${directory}`, '--encoding=UTF8', '--no-instructions', ...locale, ...access];
}

function removeUnfinished(dataDir: string): void {
  for (const name of readdirSync(dataDir)) {
    if (name.startsWith(UNFINISHED)) rmSync(join(dataDir, name), { recursive: true, force: true });
  }
}

function flushDirectory(path: string): void {
  const fd = openSync(path, 'r');
  fsyncSync(fd);
  closeSync(fd);
}
