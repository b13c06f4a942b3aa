import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { contracts } from '../../testing/system.ts';

// The validators of the product do not look whether a schema is one: this test does.
test('every schema of every contract is valid JSON Schema', () => {
  const ajv = new Ajv({ strict: false, logger: false });
  for (const { name, ops, events } of contracts) {
    const schemas = [
      ...Object.entries(ops).flatMap(([id, { input, output }]) => [
        [`${id} input`, input] as const,
        [id, output] as const,
      ]),
      ...Object.entries(events).map(([id, { data }]) => [id, data] as const),
    ];
    for (const [id, schema] of schemas)
      assert.ok(ajv.validateSchema(schema as object), `${name} ${id}: ${ajv.errorsText()}`);
  }
});
