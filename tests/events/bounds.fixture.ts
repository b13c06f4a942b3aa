import assert from 'node:assert/strict';
import type { TSchema } from 'typebox';
import { fromDecimal, MAX_AMOUNT } from '../../src/platform/contract/money.ts';

/** A schema, as far as it bounds what it allows. */
export type Node = TSchema & {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly properties?: Readonly<Record<string, Node>>;
};

/** A control character: JSON writes it with six bytes, more than any other character takes. */
const LONGEST = '\u0001';
/** A pattern without a length of its own ends somewhere: the longest of ours takes 1,000 characters. */
const PATTERN_LENGTH = 1_000;

/** The largest value that a schema allows. Throws where it sets no bound. */
export function largest(node: Node, path: string): unknown {
  if (node.const !== undefined) return node.const;
  if (node.enum) return [...node.enum].sort((one, other) => other.length - one.length)[0];
  if (node.anyOf) return largestOf(node.anyOf.map((one) => largest(one, path)));
  const types = [node.type].flat();
  if (node.properties) {
    return Object.fromEntries(
      Object.entries(node.properties).map(([name, one]) => [name, largest(one, `${path}.${name}`)]),
    );
  }
  if (node.items) {
    assert.ok(node.maxItems !== undefined, `${path} has no maxItems`);
    return Array.from({ length: node.maxItems }, () => largest(node.items as Node, `${path}[]`));
  }
  if (types.includes('string')) return largestText(node, path);
  if (node.format === 'money') return fromDecimal(MAX_AMOUNT);
  if (types.includes('integer') || types.includes('number')) return Number.MAX_SAFE_INTEGER;
  assert.ok(types.includes('boolean') || types.includes('null'), `${path} may be anything`);
  return types.includes('boolean') ? false : null;
}

function largestText({ format, maxLength, pattern }: Node, path: string): string {
  if (format === 'date-time') return new Date(0).toISOString();
  if (maxLength !== undefined) return LONGEST.repeat(maxLength);
  assert.ok(
    pattern !== undefined && !/[*+](?!\?)|\{\d+,\}/.test(pattern.replace(/\\\+|\[[^\]]*\]/g, '')),
    `${path} has no maxLength`,
  );
  return 'x'.repeat(PATTERN_LENGTH);
}

const largestOf = (values: readonly unknown[]): unknown =>
  [...values].sort((one, other) => JSON.stringify(other).length - JSON.stringify(one).length)[0];
