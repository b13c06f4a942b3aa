import { globSync, readFileSync } from 'node:fs';
import { type ParseResult, parseSync } from 'rolldown/utils';

/** The sources of the project as trees, for what is measured and checked on them. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

export const isTest = (file: string): boolean => /\.(test|fixture)\.ts$/.test(file) || file.includes('/testing/');

/** The files of a pattern, sorted, without what is no code of the project. */
export function sourceFiles(...patterns: string[]): string[] {
  return patterns.flatMap((pattern) => globSync(pattern)).sort();
}

const trees = new Map<string, ParseResult>();

/** The tree of a file; throws when it does not parse. */
export function parsed(file: string): ParseResult {
  const known = trees.get(file);
  if (known) return known;
  const tree = parseSync(file, readFileSync(file, 'utf8'), { lang: 'ts' });
  const [fault] = tree.errors;
  if (fault) throw new Error(`${file}: ${fault.message}`);
  trees.set(file, tree);
  return tree;
}

/** Every node of a tree, parents before children; `parents` leads from the outermost to the nearest. */
export function walk(root: unknown, visit: (node: Node, parents: readonly Node[]) => void): void {
  const parents: Node[] = [];
  const enter = (value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) enter(one);
    if (!isNode(value)) return;
    visit(value, parents);
    parents.push(value);
    for (const field of Object.values(value)) enter(field);
    parents.pop();
  };
  enter(root);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as { type?: unknown }).type === 'string';
}

/** The number of the line that a position is on, from 1. */
export function lineOf(text: string, position: number): number {
  return text.slice(0, position).split('\n').length;
}

/** Whether a node is `process.env`. */
export function readsEnvironment(node: Node): boolean {
  const { object, property } = node as { object?: { name?: string }; property?: { name?: string } };
  return node.type === 'MemberExpression' && object?.name === 'process' && property?.name === 'env';
}
