import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, createReadStream, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { settle } from '../../testing/settle.ts';
import { openLogOutput } from './log-output.ts';

describe('the output of the log', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tradepost-output-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('keeps the order, in blocks, and what is left at the end', async () => {
    const file = join(folder, 'log');
    const fd = openSync(file, 'w');
    const output = openLogOutput(fd, {
      block: 4096,
      onLost: () => assert.fail('a line was lost'),
      onResumed: () => assert.fail('nothing was resumed'),
    });
    const lines = Array.from({ length: 5_000 }, (_, number) => `line ${number}\n`);
    for (const line of lines.slice(0, 4_000)) output.write(line);
    await new Promise<void>((resolve) => output.flush(resolve));
    for (const line of lines.slice(4_000, 4_001)) output.write(line);
    output.flushSync();
    assert.equal(readFileSync(file, 'utf8'), lines.slice(0, 4_001).join(''));
    closeSync(fd);
  });

  test('what no longer fits while the disk is full is counted', async () => {
    const fd = openSync('/dev/full', 'w');
    let lost = 0;
    const output = openLogOutput(fd, { onLost: () => lost++, onResumed: () => assert.fail('nothing was resumed') });
    const line = `${'x'.repeat(50_000)}\n`;
    for (let number = 0; number < 100; number++) output.write(line);
    await new Promise<void>((resolve) => output.flush(resolve));
    output.flushSync();
    assert.ok(lost > 70 && lost < 100, String(lost));
    closeSync(fd);
  });

  test('a reader that reconnects gets the buffered lines and the number of dropped ones', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const first = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
    const fd = openSync(pipe, constants.O_WRONLY);
    closeSync(first);
    let lost = 0;
    let reported = 0;
    const output = openLogOutput(fd, {
      onLost: () => lost++,
      onResumed(lines) {
        reported += lines;
      },
    });
    const line = `${'x'.repeat(1_000)}\n`;
    for (let number = 0; number < 3_000; number++) output.write(line);
    await new Promise<void>((resolve) => output.flush(resolve));
    let read = '';
    const reader = createReadStream(pipe, 'utf8').on('data', (text) => {
      read += text;
    });
    await settle(() =>
      assert.ok(reported > 0 && read.length === (3_000 - lost) * line.length, `${lost} ${read.length}`),
    );
    assert.deepEqual([read === line.repeat(3_000 - lost), reported], [true, lost]);
    output.write('at last\n');
    await settle(() => assert.ok(read.endsWith('at last\n')));
    closeSync(fd);
    reader.destroy();
  });
});
