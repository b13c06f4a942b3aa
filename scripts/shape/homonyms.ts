import { type Node, parsed } from '../sources.ts';

/** A name that two files export for two things. */
export interface Homonym {
  readonly name: string;
  readonly files: readonly string[];
}

/**
 * The names that more than one of the files declares and exports. A type and a value of one name in one file are one
 * thing; what is only passed on is no declaration.
 */
export function homonymsIn(files: readonly string[]): Homonym[] {
  const byName = new Map<string, string[]>();
  for (const file of files) {
    for (const name of new Set(declaredExports(file))) byName.set(name, [...(byName.get(name) ?? []), file]);
  }
  return [...byName].filter(([, found]) => found.length > 1).map(([name, found]) => ({ name, files: found }));
}

interface Declaration {
  readonly id?: { readonly name?: string } | null;
  readonly declarations?: readonly { readonly id: { readonly name?: string } }[];
}

function declaredExports(file: string): string[] {
  const body = parsed(file).program.body as unknown as readonly Node[];
  return body.flatMap((node) => {
    if (node.type !== 'ExportNamedDeclaration' || !node.declaration) return [];
    const { id, declarations = [] } = node.declaration as Declaration;
    return [id?.name, ...declarations.map((one) => one.id.name)].filter((name) => name !== undefined);
  });
}
