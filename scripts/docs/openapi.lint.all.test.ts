import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Validator } from '@seriousme/openapi-schema-validator';

const path = fileURLToPath(new URL('../../docs/generated/openapi.json', import.meta.url));
const text = readFileSync(path, 'utf8');

type Document = Record<string, unknown>;

// Digits tell /orders/{order_id} and /orders/{username} apart, and /products/{product_id}/… and /products/category/{name}.
const OFF = { 'no-identical-paths': 'off', 'no-ambiguous-paths': 'off' } as const;

before(() => {
  process.env.REDOCLY_TELEMETRY = 'off';
});

/** What Redocly's recommended rules find, errors and warnings alike. */
async function faults(source: string, rules: Record<string, 'off'> = OFF): Promise<string[]> {
  const config = await createConfig({ extends: ['recommended'], rules });
  const problems = await lintFromString({ source, absoluteRef: path, config });
  return problems.map(({ ruleId, message, location }) => `${ruleId} ${location[0]?.pointer ?? ''}: ${message}`);
}

test("Redocly's recommended rules find no error and no warning", async () => {
  assert.deepEqual(await faults(text), []);
});

test('the rules that are off find the addresses of one form and nothing else', async () => {
  const found = await faults(text, {});
  const others = found.filter(
    (fault) => !/^no-(identical|ambiguous)-paths #\/paths\/.*(orders|invoices|products)~1/.test(fault),
  );
  assert.notEqual(found.length, 0);
  assert.deepEqual(others, []);
});

test('Redocly tells of a reference that leads nowhere', async () => {
  const broken = text.replace('#/components/schemas/Order"', '#/components/schemas/Ordr"');
  assert.match((await faults(broken)).join('\n'), /no-unresolved-refs/);
});

test('the document is what the schema of OpenAPI 3.1 takes', async () => {
  const { valid, errors } = await new Validator().validate(JSON.parse(text) as Document);
  assert.ok(valid, JSON.stringify(errors));
});

test('the schema of OpenAPI refuses a parameter without a place', async () => {
  const document = JSON.parse(text) as Document;
  const broken = { ...document, paths: { '/orders': { get: { parameters: [{ name: 'limit' }], responses: {} } } } };
  assert.equal((await new Validator().validate(broken)).valid, false);
});
