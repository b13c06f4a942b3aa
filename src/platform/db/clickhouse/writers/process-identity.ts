import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { PROCESS } from '../store/store.ts';

/** A process, as others can tell whether it lives. */
export interface ProcessIdentity {
  /** Of this start of it. */
  readonly name: string;
  readonly host: string;
  /** Whose process numbers these are: those of another container mean nothing here. */
  readonly pid_space: string;
  readonly pid: number;
}

/** Those that this very process has made: two systems in it are two who write. */
const here = new Set<string>();

/** Whether a writer is one of this very process. */
export const isHere = ({ name }: Pick<ProcessIdentity, 'name'>): boolean => here.has(name);

export function enter({ name }: ProcessIdentity): void {
  here.add(name);
}

export function leave({ name }: ProcessIdentity): void {
  here.delete(name);
}

let made = 0;

/** A new writer in this process. */
export function thisProcess(): ProcessIdentity {
  return { name: `${PROCESS} ${++made}`, host: hostname(), pid_space: pidSpace(), pid: process.pid };
}

function pidSpace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux: there is one.
    return '';
  }
}

/** Whether a process of this host runs. */
export function isProcessAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process, but a living one.
    return (error as { code?: string }).code === 'EPERM';
  }
}
