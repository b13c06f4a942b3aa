import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const COMMAND = fileURLToPath(new URL('../../bin/tradepost.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tradepost-process-'));
after(() => rmSync(folder, { recursive: true }));

/** Runs the command in a folder of its own, as a person would. */
function ran(words: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const options = { cwd: folder, env: { PATH: process.env.PATH, ...env }, encoding: 'utf8' as const };
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, ...words], options);
  return { status, stdout, stderr };
}

test('the command alone, or with a word that it does not know, touches nothing', () => {
  const alone = ran([]);
  assert.deepEqual([alone.status, alone.stderr], [0, '']);
  assert.match(alone.stdout, /^Usage: tradepost/);
  assert.equal(ran(['sart']).status, 1);
  assert.deepEqual(readdirSync(folder), []);
});

test('a file .env that cannot be read, and settings that are not valid, are sentences', () => {
  assert.deepEqual(ran(['config'], { PORT: 'ninety', CURRENCY: 'money' }), {
    status: 1,
    stdout: '',
    stderr:
      "PORT is 'ninety'; it takes a port, 0 to 65535 (0: any free one).\n" +
      "CURRENCY is 'money'; it takes an ISO 4217 code with two decimal digits, such as USD.\n",
  });
  mkdirSync(join(folder, '.env'));
  const { status, stderr } = ran(['config']);
  assert.equal(status, 1);
  assert.match(stderr, /\.env cannot be read \(it is a folder\); mend it, or move it away\.\n$/);
  rmSync(join(folder, '.env'), { recursive: true });
});

test('a data directory that can be none is a sentence, and no stack', () => {
  writeFileSync(join(folder, 'a-file'), '');
  const { status, stderr } = ran(['start'], { DATA_DIR: join(folder, 'a-file', 'data'), LOG_LEVEL: 'silent' });
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^'.*a-file.*' cannot be a folder, because a part of its path is a file; name another place\.\n$/,
  );
});

test('a word of the tests that fits none goes to the script, and its exit code comes back', () => {
  const { status, stdout } = ran(['types', '--', '--nosuchoption', '--json'], { HOME: folder });
  assert.notEqual(status, 0);
  assert.match(stdout, /nosuchoption/);
});
