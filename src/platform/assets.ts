import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * The files beside the code that are not code: migrations. From the sources they are read from their folders;
 * `npm run build` puts their texts into the bundle.
 */
export interface Assets {
  /** The names in a folder (such as `services/order/migrations/postgres`), in order; empty when there is none. */
  list(folder: string): string[];
  read(path: string): string;
}

declare const TRADEPOST_ASSETS: Record<string, string> | undefined;

const isMigration = (name: string): boolean => /^\d{4}_.*\.sql$/.test(name);

const root = new URL('../', import.meta.url);

const fromFolders: Assets = {
  list(folder) {
    const url = new URL(folder, root);
    if (!existsSync(url)) return [];
    return readdirSync(url).filter(isMigration).sort();
  },
  read: (path) => readFileSync(fileURLToPath(new URL(path, root)), 'utf8'),
};

function fromBundle(texts: Record<string, string>): Assets {
  return {
    list: (folder) =>
      Object.keys(texts)
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1))
        .filter(isMigration)
        .sort(),
    read(path) {
      const text = texts[path];
      if (text === undefined) throw new Error(`the bundle has no ${path}`);
      return text;
    },
  };
}

export const assets: Assets = typeof TRADEPOST_ASSETS === 'undefined' ? fromFolders : fromBundle(TRADEPOST_ASSETS);
