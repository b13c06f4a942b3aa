import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The files beside the code that are not code: migrations. */
export interface Assets {
  /** The names in a folder (such as `services/order/migrations/postgres`), in order; empty when there is none. */
  list(folder: string): string[];
  read(path: string): string;
}

const isMigration = (name: string): boolean => /^\d{4}_.*\.sql$/.test(name);

const root = new URL('../../', import.meta.url);

export const assets: Assets = {
  list(folder) {
    const url = new URL(folder, root);
    if (!existsSync(url)) return [];
    return readdirSync(url).filter(isMigration).sort();
  },
  read: (path) => readFileSync(fileURLToPath(new URL(path, root)), 'utf8'),
};
