import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { testDatabase } from '../../src/testing/databases.ts';
import { engine } from '../../src/testing/engines.ts';
import { startSystem } from '../../src/testing/system.ts';
import { adminAt, type Made, makeOneOfEach } from './ids.fixture.ts';
import { MOUSE, times } from './shop.fixture.ts';

describe('ids', () => {
  test('go on without a gap over refused requests and ten clean stops', async () => {
    const database = await testDatabase(engine);
    const made: Made = { users: 1, products: 8, orders: 0, invoices: 0, transactions: 0 };
    try {
      for (let start = 1; start <= 10; start++) {
        const running = await startSystem(database.url);
        try {
          await makeOneOfEach(await adminAt(running.urls.gateway ?? ''), made);
        } finally {
          await running.close();
        }
      }
    } finally {
      await database.drop();
    }
  });

  test('of 200 orders at once, half of them refused, and of those that follow: none double, none missing', async () => {
    const database = await testDatabase(engine);
    const running = await startSystem(database.url);
    try {
      const admin = await adminAt(running.urls.gateway ?? '');
      const order = async (product_id: number) =>
        (await admin.post('/orders', { items: [{ product_id, quantity: 1 }] })).body.order_id;
      const placed = await times(200, (nth) => order(nth % 2 === 0 ? MOUSE : 999));
      const after: number[] = [];
      for (let nth = 0; nth < 100; nth++) after.push(await order(MOUSE));
      const ids = [...placed.filter((id) => id !== undefined), ...after].sort((a, b) => a - b);
      assert.deepEqual(
        ids,
        Array.from({ length: 200 }, (_, n) => n + 1),
      );
    } finally {
      await running.close();
      await database.drop();
    }
  });
});
