import { readdirSync, readFileSync } from 'node:fs';

const TICKS = 100;

function stat(pid: number): { parent: number; own: number; children: number } | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    const [parent = 0, user = 0, system = 0, childUser = 0, childSystem = 0] = [1, 11, 12, 13, 14].map((index) =>
      Number(fields[index]),
    );
    return { parent, own: user + system, children: childUser + childSystem };
  } catch {
    return undefined;
  }
}

/** CPU seconds of a process and its living and ended children. */
export function cpuSeconds(pid: number): number {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const children = all.map((name) => stat(Number(name))).filter((one) => one?.parent === pid);
  const root = stat(pid);
  const ticks = (root?.own ?? 0) + (root?.children ?? 0) + children.reduce((sum, one) => sum + (one?.own ?? 0), 0);
  return ticks / TICKS;
}

/** The most memory that a process has held so far, in MB. */
export function peakMegabytes(pid: number): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(line ?? 0) / 1024;
}
