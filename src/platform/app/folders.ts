import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/**
 * Makes a folder and those above it, unless they are there. Throws the error of the first that cannot be made; Node's
 * own `recursive` tries for ever where a file system takes no folders, as /proc does.
 */
export function makeFolder(path: string, mode = 0o777): void {
  const folder = resolve(path);
  if (infoOf(folder)?.isDirectory()) return;
  const above = dirname(folder);
  if (above !== folder && infoOf(above) === undefined) makeFolder(above, mode);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    // Another process may have made it a moment ago.
    if (!infoOf(folder)?.isDirectory()) throw error;
  }
}

const infoOf = (path: string) => statSync(path, { throwIfNoEntry: false });
