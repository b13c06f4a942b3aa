import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../platform/config/config.ts';
import { banner } from './banner.ts';

const config = readConfig({ DB_DRIVER: 'postgres', DATABASE_URL: 'postgresql://localhost/shop' }, ['gateway', 'order']);
const urls = { gateway: 'http://127.0.0.1:8080', order: 'http://127.0.0.1:8080' };

test('it fits into 80 columns, before and after somebody registered, without a colour', () => {
  for (const founder of [undefined, 'alice', 'a'.repeat(64)]) {
    const text = banner({ config, urls, founder });
    const widest = Math.max(...text.split('\n').map((line) => line.length));
    assert.ok(widest <= 80, text);
    assert.ok(!text.includes('\x1b'));
  }
});

test('a name that a shell or JSON would read in its own way is not printed', () => {
  assert.doesNotMatch(banner({ config, urls, founder: `o'hara $(id)` }), /hara|\$\(id\)/);
});

test('services without the gateway are told with their addresses', () => {
  const order = readConfig({ SERVICES: 'order' }, ['gateway', 'order']);
  assert.match(
    banner({ config: order, urls: { order: 'http://127.0.0.1:3001' }, founder: undefined }),
    /^ order {2}http/m,
  );
});
