import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readConfig } from '../platform/config/config.ts';
import { banner } from './banner.ts';

const config = readConfig({ DB_DRIVER: 'postgres', DATABASE_URL: 'postgresql://localhost/shop' }, [
  { name: 'gateway' },
  { name: 'order' },
]);
const places = [{ place: 'PostgreSQL at localhost:5432/shop', part: 'schema tradepost_order', embedded: false }];
const urls = { gateway: 'http://127.0.0.1:8080', order: 'http://127.0.0.1:8080' };

test('it fits into 80 columns, before and after somebody registered, without a colour', () => {
  for (const founder of [undefined, 'alice', 'a'.repeat(64)]) {
    const text = banner({ config, places, urls, founder });
    const widest = Math.max(...text.split('\n').map((line) => line.length));
    assert.ok(widest <= 80, text);
    assert.ok(!text.includes('\x1b'));
  }
});

test('a name that a shell or JSON would read in its own way is not printed', () => {
  assert.doesNotMatch(banner({ config, places, urls, founder: `o'hara $(id)` }), /hara|\$\(id\)/);
});

test('services without the gateway are told with their addresses', () => {
  const order = readConfig({ SERVICES: 'order' }, [{ name: 'gateway' }, { name: 'order' }]);
  assert.match(
    banner({ config: order, places, urls: { order: 'http://127.0.0.1:3001' }, founder: undefined }),
    /^ order {2}http/m,
  );
});

test('it names every place where something is kept, and the data directory for all that is embedded', () => {
  const at = (place: string, embedded: boolean) => ({ place, part: 'database tradepost_order', embedded });
  const told = (...given: (typeof places)[number][]) => banner({ config, places: given, urls, founder: undefined });
  assert.match(told(...places), /Data {5}PostgreSQL at localhost:5432\/shop\n/);
  const both = told(at('ClickHouse at ch.example:8123', false), at('embedded PostgreSQL', true));
  assert.match(both, new RegExp(`Data {5}ClickHouse at ch\\.example:8123\\n {10}${config.dataDir}\\n`));
  const embedded = told(at('ClickHouse in the process', true), at('embedded PostgreSQL', true));
  assert.equal(embedded.split(config.dataDir).length, 2, embedded);
});
