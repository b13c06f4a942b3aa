import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What is written beside a server's data: whose folder it is, and which process was started on it last. */
export interface ServerRecord {
  readonly name: string;
  readonly port: number;
  readonly version: string;
  /** Undefined after an orderly stop. */
  readonly pid?: number;
  /** When the kernel started that process, in its ticks since boot: a later process with the same number differs. */
  readonly since?: string;
  readonly helperPort?: number;
}

const FILE = 'server.json';

/** The record of a folder, or undefined when no server was ever started there. */
export function readRecord(dir: string): ServerRecord | undefined {
  const file = join(dir, FILE);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ServerRecord) : undefined;
}

/** Replaces the record at once, so that nobody reads half of it. */
export function writeRecord(dir: string, record: ServerRecord): void {
  const file = join(dir, FILE);
  writeFileSync(`${file}.new`, `${JSON.stringify(record)}\n`);
  renameSync(`${file}.new`, file);
}

/** Throws a sentence when a folder holds what no server of ours put there: it must be neither filled nor removed. */
export function checkOurs(dir: string): void {
  if (!existsSync(dir) || readRecord(dir) || readdirSync(dir).length === 0) return;
  throw new Error(`${dir} is not empty and was not made by npm run services; choose another --dir.`);
}

/**
 * The pid of the server that the record names, if it still is that server: the same start of the same program.
 * Anything else, a stranger that got the number or a zombie, is undefined and must not be signalled.
 */
export function runningPid(record: ServerRecord | undefined, marker: string): number | undefined {
  if (record?.pid === undefined || !isAlive(record)) return undefined;
  return commandLine(record.pid).includes(marker) ? record.pid : undefined;
}

/** Whether the process of the record still is, whatever program it runs: a start script becomes its server. */
export function isAlive({ pid, since }: ServerRecord): boolean {
  return pid !== undefined && since !== undefined && startOf(pid) === since;
}

/** When a process was started, as the kernel counts; undefined when there is none, or only its zombie. */
export function startOf(pid: number): string | undefined {
  // The name in parentheses may hold spaces and parentheses itself; the fields after it do not.
  const fields = readProc(pid, 'stat').split(') ').at(-1)?.split(' ');
  const [state, threads, since] = [fields?.[0], fields?.[17], fields?.[19]];
  // After a SIGKILL the first thread is a zombie while others still hold the ports and files.
  return state === 'Z' && Number(threads) <= 1 ? undefined : since;
}

/** The arguments of a process, joined by spaces; empty for a zombie and for none. */
function commandLine(pid: number): string {
  return readProc(pid, 'cmdline').replaceAll('\0', ' ');
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}
