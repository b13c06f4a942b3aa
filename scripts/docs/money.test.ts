import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { contracts } from '../../src/testing/system.ts';

// docs/money.md says what each event of money and goods means in every book. The page is written by hand; that it names
// every event, no other, and tests that there are, is checked here.

const page = readFileSync('docs/money.md', 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| ') && !/^\| (Event|---)/.test(line));
const cells = (row: string): string[] => row.split('|').slice(1, -1);

const OWNERS = ['product', 'order', 'invoice', 'payment', 'delivery'];
const events = contracts
  .filter(({ name }) => OWNERS.includes(name))
  .flatMap((contract) => Object.values(contract.events).map(({ type }) => type));

test('every event of money and goods has a row, and a row names no event that there is not', () => {
  const named = new Set([...rows.join('\n').matchAll(/`([a-z]+\.[a-z_]+)`/g)].map(([, type]) => type));
  assert.deepEqual(events.filter((type) => !named.has(type)).sort(), []);
  assert.deepEqual(
    [...named].filter((type) => !events.includes(type ?? '')),
    [],
  );
});

test('every row names the tests that hold it, and each of them exists', () => {
  assert.ok(rows.length > 25, `${rows.length} rows`);
  for (const row of rows) {
    const [event = ''] = cells(row);
    const files = [...(cells(row).at(-1) ?? '').matchAll(/`([^`]+\.test\.ts)`/g)].map(([, file]) => file ?? '');
    assert.notEqual(files.length, 0, event);
    assert.deepEqual(
      files.filter((file) => !existsSync(file)),
      [],
      event,
    );
  }
});
