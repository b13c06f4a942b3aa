import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Contract, MAX_BODY } from '../../platform/contract/contract.ts';
import { inputParts } from '../../platform/http/route-shape.ts';

interface Shape {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Shape>>;
  readonly items?: Shape;
  readonly anyOf?: readonly Shape[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly format?: string;
  readonly pattern?: string;
}

/** A character outside of the basic plane, written as two escapes. */
const CHARACTER = 12;
const NUMBER = 25;
const MOMENT = 40;
/** A little more, for those who write spaces and line ends. */
const SPACES = 1.05;

/** The bytes of the largest JSON that a schema takes, without spaces; Infinity where it names no limit. */
function largest(shape: Shape): number {
  if (shape.anyOf) return Math.max(...shape.anyOf.map(largest));
  const fixed = shape.enum ?? (shape.const === undefined ? undefined : [shape.const]);
  if (fixed) return Math.max(...fixed.map((one) => JSON.stringify(one).length));
  const types = typeof shape.type === 'string' ? [shape.type] : (shape.type ?? ['unknown']);
  return Math.max(...types.map((type) => largestOf(type, shape)));
}

function largestOf(type: string, { properties = {}, items = {}, maxItems, ...text }: Shape): number {
  if (['number', 'integer', 'boolean', 'null'].includes(type)) return NUMBER;
  if (type === 'string') return 2 + CHARACTER * longest(text);
  if (type === 'array') return 2 + (maxItems ?? Number.POSITIVE_INFINITY) * (1 + largest(items));
  if (type !== 'object') return Number.POSITIVE_INFINITY;
  return Object.entries(properties).reduce((sum, [name, field]) => sum + name.length + 4 + largest(field), 2);
}

/** How many characters a text may have. */
function longest({ maxLength, format, pattern = '*' }: Shape): number {
  if (maxLength !== undefined) return maxLength;
  if (format === 'date-time') return MOMENT;
  // A pattern whose every repetition has an end is a limit as well.
  const plain = pattern.replaceAll(/\\.|\[[^\]]*\]/g, 'x');
  if (/[*+]|,\}/.test(plain)) return Number.POSITIVE_INFINITY;
  return [...plain.matchAll(/(\d+)\}/g)].reduce((sum, [, most]) => sum + Number(most), plain.length);
}

const isContract = (value: unknown): value is Contract => typeof value === 'object' && value !== null && 'ops' in value;
const folder = fileURLToPath(new URL('../', import.meta.url));
const files = await Promise.all(globSync('*/*.contract.ts', { cwd: folder }).map((file) => import(`../${file}`)));
const contracts = files.flatMap((exported: object) => Object.values(exported).filter(isContract));

test('every body that a contract allows is within the limit of its operation', () => {
  const ops = contracts
    .flatMap(({ ops }) => Object.values(ops))
    .filter(
      (op) => op.access !== 'internal' && op.method !== 'GET' && op.method !== 'DELETE' && op.signedBy === undefined,
    );
  assert.ok(ops.length > 20);
  for (const op of ops) {
    const most = Math.ceil(largest(inputParts(op).rest as Shape) * SPACES);
    const limit = op.maxBody ?? MAX_BODY;
    assert.ok(most <= limit, `${op.id} takes ${most} bytes, and its limit is ${limit}`);
    // A limit of its own is for what would not fit.
    if (op.maxBody !== undefined) assert.ok(most > MAX_BODY, `${op.id} needs no limit of its own`);
  }
});
