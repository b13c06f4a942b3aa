import { dirname, join, normalize } from 'node:path';
import { parsed } from '../sources.ts';

/** File to the files of the project that it imports or passes on, imports of types included. */
export type Imports = ReadonlyMap<string, readonly string[]>;

/** What these files import. */
export function importsOf(files: readonly string[]): Imports {
  return new Map(files.map((file) => [file, importedBy(file)]));
}

function importedBy(file: string): string[] {
  const { staticImports, staticExports } = parsed(file).module;
  const passedOn = staticExports.flatMap(({ entries }) => entries.map((entry) => entry.moduleRequest?.value ?? ''));
  return [...staticImports.map((one) => one.moduleRequest.value), ...passedOn]
    .filter((name) => name.startsWith('.'))
    .map((name) => normalize(join(dirname(file), name)).replaceAll('\\', '/'));
}

/**
 * The groups of files that reach each other in a circle (strongly connected components of more than one file, by the
 * algorithm of Tarjan, 1972).
 */
export function circlesIn(imports: Imports): string[][] {
  const circles: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const path: string[] = [];

  function visit(file: string): number {
    order.set(file, order.size);
    lowest.set(file, order.get(file) as number);
    path.push(file);
    for (const next of imports.get(file) ?? []) reach(file, next);
    if (lowest.get(file) === order.get(file)) close(file);
    return lowest.get(file) as number;
  }

  function reach(file: string, next: string): void {
    if (!order.has(next)) lower(file, visit(next));
    else if (path.includes(next)) lower(file, order.get(next) as number);
  }

  function lower(file: string, place: number): void {
    lowest.set(file, Math.min(lowest.get(file) as number, place));
  }

  function close(file: string): void {
    const group = path.splice(path.indexOf(file));
    if (group.length > 1) circles.push(group.sort());
  }

  for (const file of imports.keys()) if (!order.has(file)) visit(file);
  return circles;
}
