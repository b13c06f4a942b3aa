import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { exposeDeadLetters } from './dead-letter-metrics.ts';
import { exposeHealth } from './health-metrics.ts';
import { registry } from './metrics.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const sources = globSync('src/**/*.ts', { cwd: root }).filter((file) => !/\.(test|fixture)\.ts$/.test(file));

const shown = async (name: string): Promise<string[]> =>
  (await registry.metrics()).split('\n').filter((line) => line.startsWith(`${name}{`));

test('every metric is on the page of the metrics, and every one there exists', () => {
  const text = sources.map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  const names = new Set(
    [...text.matchAll(/(?:name: |(?:outboxGauge|counter)\(\s*)'(\w+)',\s*(?:\n\s*help: |')/g)].map(([, name]) => name),
  );
  const page = readFileSync(join(root, 'docs/health.md'), 'utf8');
  const documented = new Set([...page.matchAll(/^\| `(\w+)` /gm)].map(([, name]) => name));
  assert.ok(names.size >= 20, `${names.size} found`);
  assert.deepEqual([...names].sort(), [...documented].sort());
});

test('health has a gauge for each check and one for the whole, until its process stops', async () => {
  const conditions = { database: 'ok', order: 'degraded', events: 'down' } as const;
  const hide = exposeHealth('shop', async () => ({ health: { status: 'degraded' }, conditions }));
  assert.deepEqual(await shown('tradepost_health'), [
    'tradepost_health{service="shop",check="database"} 1',
    'tradepost_health{service="shop",check="order"} 0.5',
    'tradepost_health{service="shop",check="events"} 0',
  ]);
  assert.deepEqual(await shown('tradepost_health_status'), ['tradepost_health_status{service="shop"} 0.5']);
  hide();
  assert.deepEqual([...(await shown('tradepost_health')), ...(await shown('tradepost_health_status'))], []);
});

test('the number of dead letters is exposed from zero on, and keeps its value while they cannot be counted', async () => {
  let letters = 0;
  let away = false;
  const hide = exposeDeadLetters('shop', async () => {
    if (away) throw new Error('away');
    return letters;
  });
  assert.deepEqual(await shown('tradepost_dead_letters_waiting'), ['tradepost_dead_letters_waiting{service="shop"} 0']);
  letters = 3;
  assert.deepEqual(await shown('tradepost_dead_letters_waiting'), ['tradepost_dead_letters_waiting{service="shop"} 3']);
  away = true;
  assert.deepEqual(await shown('tradepost_dead_letters_waiting'), ['tradepost_dead_letters_waiting{service="shop"} 3']);
  hide();
  assert.deepEqual(await shown('tradepost_dead_letters_waiting'), []);
});
