import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KINDS } from './index.ts';
import type { Kind } from './kind.ts';
import { readRecord, runningPid } from './record.ts';

/** Where `up` keeps its servers unless told otherwise: each in a folder of its own name. */
export const STATE_DIR = fileURLToPath(new URL('../../.services', import.meta.url));

/** What `status` tells of a server. */
export interface ServerState {
  readonly name: string;
  readonly title: string;
  readonly url: string;
  readonly version: string;
  /** Of the process that this script started; undefined when none runs, or when Docker runs it. */
  readonly pid: number | undefined;
  /** Whether it answers in its own language. */
  readonly running: boolean;
}

/** The folder of one server below the state directory. */
export function folderOf(stateDir: string, kind: Kind): string {
  return resolve(stateDir, kind.name);
}

/** Asks every server of these kinds, whoever started it, at the port of its record or at its usual one. */
export function states(stateDir = STATE_DIR, kinds: readonly Kind[] = KINDS): Promise<ServerState[]> {
  return Promise.all(kinds.map((kind) => stateOf(folderOf(stateDir, kind), kind)));
}

async function stateOf(dir: string, kind: Kind): Promise<ServerState> {
  const record = readRecord(dir);
  const pid = runningPid(record, kind.marker);
  const port = record?.port ?? kind.port;
  const version = await kind.ready({ dir, port }).catch(() => undefined);
  const { name, title } = kind;
  return { name, title, url: kind.url(port), version: version ?? '', pid, running: version !== undefined };
}

/** Their addresses by name, of those that run. */
export function addresses(all: readonly ServerState[]): Record<string, string> {
  return Object.fromEntries(all.filter(({ running }) => running).map(({ name, url }) => [name, url]));
}
