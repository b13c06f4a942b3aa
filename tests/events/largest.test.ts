import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Contract, Ctx } from '../../src/platform/contract/contract.ts';
import { announcementsOf, MOST_EVENT_BYTES } from '../../src/platform/db/announcements.ts';
import { openDatabase } from '../../src/platform/db/postgres/postgres.ts';
import { settle } from '../../src/testing/settle.ts';
import { contracts } from '../../src/testing/system.ts';
import { type World, world } from '../../src/testing/world.ts';
import { largest, type Node } from './bounds.fixture.ts';

// The largest request that the contract allows: what it announces must come through.

let shop: World;
before(async () => {
  shop = await world();
});
after(() => shop.close());

test('an order for a hundred products with the longest texts is delivered, invoiced and told', async () => {
  const admin = await shop.as('admin');
  // A line takes no control character; in a text JSON writes one with six bytes, and nothing costs more.
  const line = (n: number, length: number): string => `${n} `.padEnd(length, '\u65e5');
  const text = (n: number, length: number): string => `${n} `.padEnd(length, '\u0001');
  const items: { product_id: number; quantity: number }[] = [];
  for (let n = 1; n <= 100; n++) {
    const product = { name: line(n, 200), description: text(n, 5_000), category: 'long', price: 1_000 };
    const { status, body } = await admin.post('/products', product);
    assert.equal(status, 201);
    items.push({ product_id: (body as { product_id: number }).product_id, quantity: 1_000 });
  }
  const { status, body } = await admin.post('/orders', { items });
  assert.equal(status, 201, JSON.stringify(body));
  const { order_id } = body as { order_id: number };
  await settle(async () => assert.equal((await admin.get(`/shipments/order/${order_id}`)).status, 200));
  const invoice = await admin.post('/invoices', { order_id });
  assert.equal(invoice.status, 201);
  await settle(async () => {
    const types = ((await admin.get(`/orders/${order_id}/timeline`)).body as unknown as { type: string }[]).map(
      ({ type }) => type,
    );
    assert.deepEqual(new Set(types), new Set(['order.created', 'shipment.created', 'invoice.created']));
  });
  const db = openDatabase(shop.databaseUrl, { poolSize: 1 });
  const rows = await db.query<{ type: string; bytes: number }>({
    name: '',
    text: `select type, max(octet_length(data::text)) as bytes from tradepost_bus.log group by type`,
  });
  await db.close();
  for (const { type, bytes } of rows) assert.ok(bytes <= 900_000, `${type} has ${bytes} bytes`);
  for (const service of ['order', 'product', 'invoice', 'user']) {
    assert.deepEqual((await admin.get(`/dead-letters/${service}`)).body, []);
  }
});

// No event that the contract allows may be larger than what every bus takes.
const ctx: Ctx = { actor: { kind: 'system' }, now: new Date(0).toISOString(), trace: '', requestId: '' };

describe('the largest event of each type', () => {
  for (const contract of contracts) {
    for (const { type, data } of Object.values(contract.events)) {
      test(`${type} is taken by every bus`, () => assertFits(contract, type, data as Node));
    }
  }
});

function assertFits(contract: Contract, type: string, data: Node): void {
  const payload = largest(data, type) as object;
  const [announced] = announcementsOf(contract, ctx, [
    { type, subject: String(Number.MAX_SAFE_INTEGER), data: payload },
  ]);
  const bytes = Buffer.byteLength(JSON.stringify(announced?.data));
  assert.ok(bytes <= MOST_EVENT_BYTES, `${bytes} bytes`);
}
