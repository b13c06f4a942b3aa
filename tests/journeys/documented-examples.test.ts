import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openapi } from '../../src/platform/http/openapi/openapi.ts';
import type { TestClient } from '../../src/testing/client.ts';
import { contracts } from '../../src/testing/system.ts';
import { ADMIN, type World, world } from '../../src/testing/world.ts';
import { MOUSE } from './shop.fixture.ts';

// Every example of the document is sent as it stands, and answered as the document says.

interface Operation {
  readonly operationId: string;
  readonly requestBody?: { readonly content: Record<string, { readonly example?: object }> };
  readonly responses: Record<string, object>;
}

const document = openapi(contracts, 'Tradepost', '1') as { paths: Record<string, Record<string, Operation>> };

let shop: World;
let admin: TestClient;

before(async () => {
  shop = await world();
  admin = await shop.as('admin');
  await admin.post('/orders/single', { product_id: MOUSE, quantity: 1 });
});

after(async () => {
  await shop.close();
});

test('every operation that takes a body has an example, and each is answered as the document says', async () => {
  const sent: Record<string, number> = {};
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, { operationId, requestBody, responses }] of Object.entries(methods)) {
      if (!requestBody) continue;
      const { example } = requestBody.content['application/json'] ?? {};
      assert.ok(example, `${method} ${path} has no example`);
      const address = path
        .replace('{username}', ADMIN)
        .replace('{carrier}', 'DHL')
        .replaceAll(/\{\w+\}/g, '1');
      const headers = { 'content-type': 'application/json' };
      const answer = await admin.raw(method.toUpperCase(), address, JSON.stringify(example), headers);
      assert.ok(responses[answer.status], `${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      sent[operationId] = answer.status;
    }
  }
  const worked = ['userRegister', 'userLogin', 'productCreate', 'productUpdate', 'productAvailability', 'orderPlace',
    'orderPlaceSingle', 'orderPlaceFor', 'invoiceCreate', 'userUpdateMe', 'paymentCreate', 'paymentPay',
    'webhookCreateEndpoint', 'webhookUpdateEndpoint', 'userSetRole', 'invoiceSetStatus'] as const; // biome-ignore format: one list
  for (const one of worked) assert.ok((sent[one] ?? 500) < 300, `${one}: ${sent[one]}`);
});

test('an operation id is a name in every language, and every schema has one', () => {
  const ids = Object.values(document.paths).flatMap((methods) => Object.values(methods).map((one) => one.operationId));
  for (const id of ids) assert.match(id, /^[a-z][A-Za-z0-9]*$/);
  assert.equal(new Set(ids.map((id) => id.toLowerCase())).size, ids.length);
  const patterns = [...JSON.stringify(document).matchAll(/"pattern":"((?:[^"\\]|\\.)*)"/g)].map(([, one]) => one ?? '');
  assert.ok(patterns.length > 5);
  for (const pattern of patterns) assert.doesNotMatch(pattern, /\\\\[pPu]|\(\?/, `${pattern} is JavaScript's alone`);
});
