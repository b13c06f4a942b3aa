import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ConfigError } from '../platform/config/config.ts';
import { lockDirectory } from '../platform/db/postgres/embedded/lock.ts';
import { errorReportOf } from './faults.ts';

const folder = mkdtempSync(join(tmpdir(), 'tradepost-faults-'));
after(() => rmSync(folder, { recursive: true }));

async function errorOf(work: () => unknown): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('it went well');
}

const listening = (options: { port: number; host: string }): Promise<void> =>
  new Promise((_resolve, reject) => createServer().once('error', reject).listen(options));

test('what the system refuses is one sentence that says what to do', async () => {
  const taken = createServer().listen(0, '127.0.0.1').unref();
  await new Promise((resolve) => taken.once('listening', resolve));
  const { port } = taken.address() as { port: number };
  const file = join(folder, 'a-file');
  writeFileSync(file, '');
  const loop = join(folder, 'loop');
  symlinkSync(loop, loop);
  const cases: [string, () => unknown, RegExp][] = [
    ['EADDRINUSE', () => listening({ port, host: '127.0.0.1' }), /^Port \d+ on 127\.0\.0\.1 is taken .* set PORT/],
    ['EADDRNOTAVAIL', () => listening({ port: 0, host: '203.0.113.7' }), /^203\.0\.113\.7 is no address .* set HOST/],
    ['ENOTDIR', () => lockDirectory(join(file, 'data')), /a-file.* cannot be a folder/],
    ['EEXIST', () => lockDirectory(file), /a-file' is there already and is something else/],
    ['ENOENT', () => readFileSync(join(folder, 'nothing')), /nothing' is not there/],
    ['EISDIR', () => readFileSync(folder), /is a folder and not a file/],
    ['ELOOP', () => readFileSync(loop), /is a symbolic link that leads to itself/],
    ['ENOSPC', () => writeSync(openSync('/dev/full', 'w'), 'a'), /The disk of .* is full; make room/],
    ['ENAMETOOLONG', () => mkdirSync(join(folder, 'a'.repeat(5_000))), /is too long/],
  ];
  for (const [code, work, sentence] of cases) {
    const fault = errorReportOf(await errorOf(work));
    assert.equal(fault.code, code);
    assert.match(fault.error, sentence);
    assert.equal(fault.error.split('\n').length, 1);
  }
  taken.close();
});

test('what cannot be made here is told alike', () => {
  const failed = (code: string, more: object = {}) =>
    errorReportOf(Object.assign(new Error(code), { code, ...more })).error;
  assert.match(failed('EACCES', { path: '/srv/data' }), /^'\/srv\/data' is not for this user; .*DATA_DIR/);
  assert.match(failed('EROFS', { path: '/srv/data' }), /read-only; make it writable/);
  assert.match(failed('EACCES', { syscall: 'listen', port: 80 }), /^Port 80 is not for this user .* set PORT/);
  assert.match(
    failed('ENOENT', { syscall: 'mkdir', path: '/proc/x' }),
    /^'\/proc\/x' cannot be made there; .*DATA_DIR/,
  );
  assert.match(failed('EMFILE'), /ulimit -n/);
  assert.match(failed('ENOENT', { syscall: 'spawn npm', path: 'npm' }), /^The program npm is not there/);
  assert.match(failed('28P01', { message: 'password authentication failed' }), /^The database refuses .* DATABASE_URL/);
});

test('every fault of the settings is told, and one of our own sentences as it is', () => {
  assert.deepEqual(errorReportOf(new ConfigError(['One.', 'Two.'])), { error: 'One.\nTwo.', code: 'CONFIGURATION' });
  const sentence = 'The database in ./data belongs to another user: start as that user.';
  assert.deepEqual(errorReportOf(new Error(sentence)), { error: sentence, code: 'FAILED' });
});

test('what nobody expected says how to report it, and shows its stack to nobody who did not ask', () => {
  const error = new TypeError("Cannot read properties of undefined (reading 'id')");
  const { error: text, code } = errorReportOf(error);
  assert.equal(code, 'UNEXPECTED');
  assert.match(text, /^TypeError: Cannot read .*\n.*report it.*LOG_LEVEL=debug/);
  assert.doesNotMatch(text, /\n +at /);
  for (const strange of [undefined, null, 'text', { code: 5 }]) assert.match(errorReportOf(strange).error, /report it/);
});
