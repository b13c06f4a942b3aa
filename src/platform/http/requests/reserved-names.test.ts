import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contracts } from '../../../testing/system.ts';
import { openapi } from '../openapi/openapi.ts';
import { reservedNames } from './reserved-names.ts';

test('every segment of a path of the merged document is reserved, and the names that speak for the shop', () => {
  const { paths } = openapi(contracts, 'Tradepost', '1') as { paths: Record<string, object> };
  const segments = Object.keys(paths).flatMap((path) => path.split('/'));
  const reserved = new Set(reservedNames(contracts));
  const words = segments.filter((one) => one !== '' && !one.includes('{'));
  assert.ok(words.length > 50);
  for (const word of [...words, 'admin', 'system', 'support', 'root', 'docs', 'health'])
    assert.ok(reserved.has(word), word);
  for (const name of ['alice', '{username}', '']) assert.equal(reserved.has(name), false);
});
