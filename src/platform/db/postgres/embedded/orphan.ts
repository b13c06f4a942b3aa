import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Stops a server that an earlier, killed process left running on `cluster`, and waits for it: SIGINT, after five
 * seconds SIGQUIT, and an error after thirty. Also removes a `postmaster.pid` whose number now belongs to a stranger,
 * which the server itself would take for a rival. The caller must hold the lock of the data directory.
 */
export async function stopOrphan(cluster: string, progress: (text: string) => void): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  const pid = readPid(pidFile);
  if (pid === undefined || !exists(pid)) return;
  if (!isServerOf(cluster, pid)) {
    if (!hasProcesses(cluster)) rmSync(pidFile, { force: true });
    return;
  }
  progress(`Stopping the database server that an earlier run left behind (process ${pid})`);
  await stopAndWait(cluster, pid);
}

async function stopAndWait(cluster: string, pid: number): Promise<void> {
  const started = performance.now();
  signal(pid, 'SIGINT');
  let asked: NodeJS.Signals = 'SIGINT';
  while (isServerOf(cluster, pid)) {
    const waited = performance.now() - started;
    if (asked === 'SIGINT' && waited > 5_000) {
      asked = 'SIGQUIT';
      signal(pid, asked);
    }
    if (waited > 30_000) {
      throw new Error(`An earlier database server (process ${pid}) still runs on ${cluster} and does not stop.`);
    }
    await delay(20);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

/** False also for a process of another user: the server then knows by itself that it is no rival. */
function exists(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A server's working directory is its cluster; a zombie has none. Without /proc its command line has to do. */
function isServerOf(cluster: string, pid: number): boolean {
  if (process.platform === 'linux') return workingDirectory(pid) === realpathSync(cluster);
  try {
    const command = execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return command.includes('postgres') && command.includes(cluster);
  } catch {
    return false;
  }
}

/** Whether any process still works on the cluster: a backend can outlive its postmaster for a moment. */
function hasProcesses(cluster: string): boolean {
  if (process.platform !== 'linux') return false;
  const path = realpathSync(cluster);
  return readdirSync('/proc').some((name) => /^\d+$/.test(name) && workingDirectory(Number(name)) === path);
}

function workingDirectory(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
    return pid > 0 ? pid : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
