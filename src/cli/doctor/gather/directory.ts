import { existsSync, readFileSync, readlinkSync, realpathSync, statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DirectoryFacts } from '../facts.ts';
import { isWritable } from './program.ts';

/** The Linux type numbers of file systems that are unfit for a database. */
const UNFIT_FILE_SYSTEMS: Readonly<Record<number, string>> = {
  16914836: 'tmpfs',
  2240043254: 'ramfs',
  26985: 'nfs',
  4283649346: 'cifs',
  4266872130: 'smb2',
  1702057286: 'fuse',
  16914839: '9p',
  40864: 'proc',
  1650812274: 'sysfs',
};

/** The facts of the data directory, or of the folder in which it would be created. */
export function directoryFacts(path: string): DirectoryFacts {
  const info = statSync(path, { throwIfNoEntry: false });
  const place = nearestExisting(path);
  const { bavail, bsize, ffree, files, type } = statfsSync(place);
  const holder = pidIn(join(path, 'lock.pid'));
  return {
    path,
    kind: info === undefined ? 'missing' : info.isDirectory() ? 'folder' : 'other',
    writable: isWritable(place),
    owner: info?.uid,
    me: process.geteuid?.(),
    mode: info?.mode,
    unfit: process.platform === 'linux' ? UNFIT_FILE_SYSTEMS[type] : undefined,
    freeBytes: bavail * bsize,
    // Some file systems allocate inodes on demand, and report none.
    freeFiles: files === 0 ? Number.POSITIVE_INFINITY : ffree,
    holder,
    holderLives: holder !== undefined && isAlive(holder),
    orphan: orphanOf(join(path, 'postgres')),
  };
}

function nearestExisting(path: string): string {
  const info = statSync(path, { throwIfNoEntry: false });
  return info?.isDirectory() || dirname(path) === path ? path : nearestExisting(dirname(path));
}

/** The pid in the first line of a file. */
function pidIn(file: string): number | undefined {
  if (!existsSync(file)) return undefined;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/** Whether a process with this pid exists, also one of another user. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The pid of the database server that runs on a cluster. */
function orphanOf(cluster: string): number | undefined {
  const pid = pidIn(join(cluster, 'postmaster.pid'));
  if (pid === undefined || !isAlive(pid)) return undefined;
  if (process.platform !== 'linux') return pid;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(cluster) ? pid : undefined;
  } catch {
    return undefined;
  }
}
