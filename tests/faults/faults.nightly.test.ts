import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('run.ts', import.meta.url));

// What `npm run faults` does by hand: a thousand kills, and each broker away for a minute, each compared book by book.
for (const part of ['kills', 'walk', 'redis', 'rabbitmq', 'kafka']) {
  test(`nothing is lost or doubled: ${part}`, { timeout: 7_200_000 }, async (t) => {
    const run = spawn(process.execPath, [PROGRAM, '--only', part], { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    run.stdout.on('data', (text: Buffer) => {
      said += text;
    });
    const [code] = await once(run, 'exit');
    for (const line of said.trim().split('\n')) t.diagnostic(line);
    assert.equal(code, 0);
  });
}
