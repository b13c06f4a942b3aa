import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeFolder } from './folders.ts';

const root = mkdtempSync(join(tmpdir(), 'tradepost-folders-'));
after(() => rmSync(root, { recursive: true }));

test('a folder is made with those above it, with the rights that are given, and twice is once', () => {
  const folder = join(root, 'a', 'b');
  makeFolder(folder, 0o700);
  makeFolder(folder);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  assert.equal(statSync(join(root, 'a')).mode & 0o777, 0o700);
});

test('what cannot be made is told, and nobody tries for ever', { timeout: 60_000 }, () => {
  const file = join(root, 'file');
  writeFileSync(file, '');
  assert.throws(() => makeFolder(file), { code: 'EEXIST' });
  assert.throws(() => makeFolder(join(file, 'a')), { code: 'ENOTDIR' });
  // A file system that takes no folders, where the system has one.
  if (existsSync('/proc/self')) assert.throws(() => makeFolder('/proc/tradepost/data'), { code: 'ENOENT' });
});
