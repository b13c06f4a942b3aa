import { watch } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('../../src', import.meta.url));
/** An editor writes a file in several steps, and git changes many at once. */
const QUIET_MS = 20;

/** Calls back after a change of what the product is made of, with the files that changed: paths under src, or `.env`. */
export function watchSources(onChange: (files: readonly string[]) => void): { close(): void } {
  const files = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const changed = (name: string): void => {
    clearTimeout(timer);
    files.add(name);
    timer = setTimeout(() => {
      const all = [...files];
      files.clear();
      onChange(all);
    }, QUIET_MS);
  };
  const watchers = [
    watch(SOURCES, { recursive: true }, (_event, name) => {
      if (name !== null && /\.(ts|sql)$/.test(name) && !/\.(test|fixture)\.ts$/.test(name)) changed(name);
    }),
    watch('.', (_event, name) => {
      if (name === '.env') changed(name);
    }),
  ];
  return {
    close() {
      clearTimeout(timer);
      for (const watcher of watchers) watcher.close();
    },
  };
}
