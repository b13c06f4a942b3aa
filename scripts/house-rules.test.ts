import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { test } from 'node:test';
import { VERSION } from '../src/platform/app/version.ts';
import { isTest, lineOf, type Node, parsed, readsEnvironment, sourceFiles, walk } from './sources.ts';

// Rules of the house that no import can break, so that dependency-cruiser cannot tell.

const EVERYTHING = sourceFiles('src/**/*.ts', 'tests/**/*.ts', 'bench/**/*.ts', 'scripts/**/*.ts');

/** `file:line` of every node that matches, in these files. */
function places(files: readonly string[], matches: (node: Node) => boolean): string[] {
  return files.flatMap((file) => {
    const found: string[] = [];
    const text = readFileSync(file, 'utf8');
    walk(parsed(file).program, (node) => {
      if (matches(node)) found.push(`${file}:${lineOf(text, node.start)}`);
    });
    return found;
  });
}

const calls = (pattern: RegExp) => (node: Node) => {
  if (node.type !== 'CallExpression') return false;
  const { object, property } = node.callee as { object?: { name?: string }; property?: { name?: string } };
  return pattern.test(`${object?.name}.${property?.name}`);
};

test('only platform/config/config.ts reads the environment', () => {
  // A test process passes PATH on to the processes that it starts.
  const files = EVERYTHING.filter((file) => file.startsWith('src/') && !isTest(file));
  const readers = new Set(places(files, readsEnvironment).map((place) => place.split(':')[0]));
  assert.deepEqual([...readers], ['src/platform/config/config.ts']);
});

const SQL =
  /^\s*(select|insert into|delete from|update|truncate|create|alter|drop)\s[^.!?]*\b(from|values|set|as|where|table|schema|on|select)\b|^\s*with\s+[\w$]+\s+as\b|\b(insert into|delete from)\s|\bselect\b[^.]*\bfrom\s/i;

function holdsSql(node: Node): boolean {
  if (node.type === 'Literal' && typeof node.value === 'string') return SQL.test(node.value);
  if (node.type !== 'TemplateLiteral') return false;
  const parts = node.quasis as readonly { readonly value: { readonly raw: string } }[];
  return SQL.test(parts.map(({ value }) => value.raw).join('$'));
}

test('only stores and platform/db hold SQL', () => {
  const files = EVERYTHING.filter((file) => file.startsWith('src/') && !isTest(file));
  const allowed = /\.(postgres|clickhouse)\.ts$|^src\/platform\/db\//;
  assert.deepEqual(
    places(
      files.filter((file) => !allowed.test(file)),
      holdsSql,
    ),
    [],
  );
  const stores = files.filter((file) => /\.repository\.postgres\.ts$/.test(file)).map((file) => dirname(file));
  const inFolder = (folder: string) => files.filter((file) => dirname(file) === folder && /\.postgres\.ts$/.test(file));
  assert.ok(stores.length > 5);
  assert.deepEqual(
    stores.filter((folder) => places(inFolder(folder), holdsSql).length === 0),
    [],
    'a store without SQL: does the pattern still find it?',
  );
});

test('nothing is any', () => {
  assert.deepEqual(
    places(EVERYTHING, ({ type }) => type === 'TSAnyKeyword'),
    [],
  );
});

test('no test runs alone', () => {
  const files = EVERYTHING.filter((file) => file.endsWith('.test.ts'));
  assert.deepEqual(places(files, calls(/^(test|it|describe|suite)\.only$/)), []);
});

test('no module is replaced by another in a test', () => {
  assert.deepEqual(places(EVERYTHING, calls(/^(mock\.module|jest\.\w+|vi\.\w+)$/)), []);
});

test('the program and its package have one version', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  assert.equal(VERSION, version);
});
