import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { hasChdb } from '../../src/testing/clickhouse.ts';
import { freePort } from '../../src/testing/ports.ts';
import { adminAt, type Made, makeOneOfEach } from './ids.fixture.ts';
import { killNow, readyAt, type Started, serversOf, startCommand, until } from './process.fixture.ts';
import { MOUSE, times } from './shop.fixture.ts';

/** Both stores, each as a person starts it. */
const STORES = [
  { name: 'the embedded PostgreSQL', driver: 'embedded', skip: false },
  { name: 'ClickHouse in the process', driver: 'clickhouse', skip: !hasChdb() && !process.env.CI },
];

for (const { name, driver, skip } of STORES) {
  describe(`ids on ${name}`, { skip }, () => {
    async function inPlace(story: (start: () => Promise<Started>) => Promise<void>): Promise<void> {
      const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-ids-'));
      const port = String(await freePort());
      const env = { DB_DRIVER: driver, DATA_DIR: dataDir, PORT: port, BCRYPT_COST: '4', LOG_LEVEL: 'error' };
      const started: Started[] = [];
      try {
        await story(async () => {
          const one = startCommand({ ...env, JWT_SECRET: 'only for tests', RATE_LIMIT_PER_MINUTE: '0' });
          started.push(one);
          return one;
        });
      } finally {
        for (const { child } of started) killNow(child.pid ?? 0);
        for (const pid of serversOf(dataDir)) killNow(pid);
        await until(() => (serversOf(dataDir).length === 0 ? true : undefined), 60_000, 'a process was left');
        rmSync(dataDir, { recursive: true, force: true });
      }
    }

    test('go on without a gap over refused requests and clean stops', () =>
      inPlace(async (start) => {
        const made: Made = { users: 1, products: 8, orders: 0, invoices: 0, transactions: 0 };
        for (let stop = 0; stop < 4; stop++) {
          const shop = await start();
          await makeOneOfEach(await adminAt(await readyAt(shop)), made);
          shop.child.kill('SIGTERM');
          assert.equal(await shop.ended, 0, shop.said());
        }
      }));

    test('are given once, though the process is killed while it gives them', () =>
      inPlace(async (start) => {
        const ids: number[] = [];
        for (let kill = 0; kill < 4; kill++) {
          const shop = await start();
          const admin = await adminAt(await readyAt(shop));
          const order = async (product_id: number) => {
            const { status, body } = await admin.post('/orders', { items: [{ product_id, quantity: 1 }] });
            if (status === 201) ids.push(body.order_id);
            return status;
          };
          // Killed when some have their answer, and the others are under way.
          const all = times(60, (nth) => order(nth % 3 === 0 ? 999 : MOUSE).catch(() => 0));
          const before = ids.length;
          await until(() => (ids.length > before + 5 ? true : undefined), 60_000);
          killNow(shop.child.pid ?? 0);
          await Promise.all([all, shop.ended]);
        }
        assert.equal(new Set(ids).size, ids.length);
      }));
  });
}
