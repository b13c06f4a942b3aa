import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Contract } from '../../platform/contract/contract.ts';
import { openapi } from '../../platform/http/openapi/openapi.ts';

interface Operation {
  readonly operationId: string;
  readonly parameters: { name: string; in: string; required: boolean }[];
  readonly responses: Record<string, object>;
}

interface Document {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
}

const isContract = (value: unknown): value is Contract => typeof value === 'object' && value !== null && 'ops' in value;

const folder = fileURLToPath(new URL('../', import.meta.url));
const files = await Promise.all(globSync('*/*.contract.ts', { cwd: folder }).map((file) => import(`../${file}`)));
const contracts = files.flatMap((exported: object) => Object.values(exported).filter(isContract));
const whole = openapi(contracts, 'Tradepost', '1') as Document;

test('every public operation of every service is in the document, under each of its addresses, and no internal one', () => {
  const documented = Object.entries(whole.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const ops = contracts.flatMap(({ ops }) => Object.values(ops)).filter((op) => op.access !== 'internal');
  const offered = ops.flatMap((op) => [op.path, ...(op.aliases ?? [])].map((path) => `${op.method} ${path}`));
  assert.ok(contracts.length >= 5 && offered.length > 30);
  assert.deepEqual(documented.sort(), offered.sort());
  assert.equal(JSON.stringify(whole).includes('/internal/'), false);
});

test('every operation has an id of its own', () => {
  const ids = Object.values(whole.paths).flatMap((methods) => Object.values(methods).map((one) => one.operationId));
  assert.equal(new Set(ids).size, ids.length);
});

test('every reference leads somewhere', () => {
  const refs = [...JSON.stringify(whole).matchAll(/"\$ref":"#([^"]+)"/g)].map((match) => match[1] ?? '');
  assert.ok(refs.length > 0);
  for (const ref of refs) {
    const target = ref
      .split('/')
      .slice(1)
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], whole);
    assert.ok(target, ref);
  }
});

test('the parameters of a path are declared, required, and no others', () => {
  for (const [path, methods] of Object.entries(whole.paths)) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
    for (const [method, { parameters }] of Object.entries(methods)) {
      const declared = parameters.filter((one) => one.in === 'path');
      assert.deepEqual(declared.map((one) => one.name).sort(), inPath, `${method} ${path}`);
      assert.ok(declared.every((one) => one.required));
    }
  }
});

test('the document is plain JSON of version 3.1', () => {
  assert.deepEqual(JSON.parse(JSON.stringify(whole)).paths, JSON.parse(JSON.stringify(whole.paths)));
  assert.equal(whole.openapi, '3.1.0');
  const undescribed = Object.values(whole.paths)
    .flatMap(Object.values)
    .filter(({ responses }) => !responses.default);
  assert.deepEqual(undescribed, []);
});
