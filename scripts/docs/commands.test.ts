import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commandsPage } from './commands.ts';

test('the page of the commands says what the program knows', () => {
  assert.equal(readFileSync('docs/commands.md', 'utf8'), commandsPage(), 'run `npm run docs`');
});
