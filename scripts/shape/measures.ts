import { readFileSync } from 'node:fs';
import { lineOf, type Node, parsed, readsEnvironment, walk } from '../sources.ts';

/** What is counted in one file. */
export interface FileMeasure {
  readonly file: string;
  readonly lines: number;
  readonly commentLines: number;
  readonly exports: number;
  readonly functions: readonly FunctionMeasure[];
  readonly anys: number;
  readonly environment: boolean;
  readonly moduleMocks: number;
}

/** A function with a body in braces, or over several lines. */
export interface FunctionMeasure {
  readonly name: string;
  readonly file: string;
  readonly line: number;
  /** Without what lies in functions inside it. */
  readonly lines: number;
  /** With the functions inside it; a text over several lines (SQL, Lua) counts as one. */
  readonly grossLines: number;
}

const FUNCTIONS = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'];

/** Measures one TypeScript file. */
export function measure(file: string): FileMeasure {
  const text = readFileSync(file, 'utf8');
  const { program, comments } = parsed(file);
  const functions: { node: Node; name: string; first: number; last: number }[] = [];
  const texts: Node[] = [];
  let anys = 0;
  let environment = false;
  let exports = 0;
  walk(program, (node, parents) => {
    if (node.type === 'TSAnyKeyword') anys++;
    if (readsEnvironment(node)) environment = true;
    if (node.type.startsWith('Export')) exports += exportedNames(node);
    if (node.type === 'TemplateLiteral') texts.push(node);
    if (!FUNCTIONS.includes(node.type)) return;
    const [first, last] = [lineOf(text, node.start), lineOf(text, node.end)];
    const braces = (node.body as Node | null)?.type === 'BlockStatement';
    if (braces || last > first) functions.push({ node, name: nameOf(node, parents), first, last });
  });
  return {
    file,
    lines: text.split('\n').length - 1,
    commentLines: comments.reduce((sum, one) => sum + lineOf(text, one.end) - lineOf(text, one.start) + 1, 0),
    exports,
    functions: functions.map((one) => ({
      name: one.name,
      file,
      line: one.first,
      lines: ownLines(one, functions),
      grossLines: one.last - one.first + 1 - linesOfTexts(text, one, texts),
    })),
    anys,
    environment,
    moduleMocks: text.match(/\b(mock\.module|jest\.mock|vi\.mock)\(/g)?.length ?? 0,
  };
}

type Span = { readonly node: Node; readonly first: number; readonly last: number };

// A factory returns an object of actions: each action is a function of its own, and the factory is what is around.
function ownLines(one: Span, all: readonly Span[]): number {
  const inside = new Set<number>();
  for (const other of all) {
    if (other === one || other.node.start < one.node.start || other.node.end > one.node.end) continue;
    for (let line = other.first; line <= other.last; line++) if (line > one.first && line < one.last) inside.add(line);
  }
  return one.last - one.first + 1 - inside.size;
}

function linesOfTexts(source: string, { node }: Span, texts: readonly Node[]): number {
  return texts
    .filter(({ start, end }) => start >= node.start && end <= node.end)
    .reduce((sum, { start, end }) => sum + lineOf(source, end) - lineOf(source, start), 0);
}

function exportedNames(node: Node): number {
  const { declaration, specifiers } = node as unknown as {
    declaration?: { declarations?: unknown[] } | null;
    specifiers?: unknown[];
  };
  if (declaration) return declaration.declarations?.length ?? 1;
  return node.type === 'ExportNamedDeclaration' ? (specifiers?.length ?? 0) : 1;
}

function nameOf(node: Node, parents: readonly Node[]): string {
  const own = (node.id as { name?: string } | null)?.name;
  const parent = parents.at(-1) as { id?: { name?: string }; key?: { name?: string } } | undefined;
  return own ?? parent?.id?.name ?? parent?.key?.name ?? '(callback)';
}
