import { readFileSync } from 'node:fs';
import { launchOf } from '../config/config.ts';

const EVERY_MS = 1_000;
/** npm's scripts that serve until they are stopped. */
const SERVING = new Set(['start', 'dev', 'tradepost']);

/**
 * Calls back once when the process that started this one to end with it is gone: the launcher of `bin/tradepost.js`,
 * or npm. A process that a shell or a service manager started has none of them, and outlives its parent.
 */
export function watchParent(onGone: () => void): () => void {
  const { launcher, script, packageName } = launchOf();
  const underNpm = packageName === 'tradepost' && SERVING.has(script ?? '');
  const parent = underNpm || launcher === process.ppid ? process.ppid : undefined;
  const npm = underNpm ? parentOfShell(process.ppid) : undefined;
  const watched = [launcher, npm].filter((pid) => pid !== undefined);
  if (parent === undefined && watched.length === 0) return () => undefined;
  const timer = setInterval(() => {
    if ((parent === undefined || process.ppid === parent) && watched.every(runs)) return;
    clearInterval(timer);
    onGone();
  }, EVERY_MS).unref();
  return () => clearInterval(timer);
}

// Between npm and us there may be the shell that runs the script: it stays when npm is killed. Linux tells.
function parentOfShell(pid: number): number | undefined {
  try {
    const [, option] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const [, parent] = /^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return option === '-c' ? Number(parent) : undefined;
  } catch {
    return undefined;
  }
}

function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Another user's process runs too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
