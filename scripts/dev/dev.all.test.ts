import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { settle } from '../../src/testing/settle.ts';

// `npm run dev` in a copy of the project, whose files are changed as an editor does.

let copy: string;
before(() => {
  copy = mkdtempSync(join(tmpdir(), 'tradepost-dev-'));
  for (const path of ['src', 'scripts', 'bin', 'package.json']) cpSync(path, join(copy, path), { recursive: true });
  symlinkSync(join(process.cwd(), 'node_modules'), join(copy, 'node_modules'));
});
after(() => rmSync(copy, { recursive: true, force: true }));

interface Up {
  readonly urls: { readonly gateway: string };
  readonly pid: number;
}

/** What a running `npm run dev` has said. */
interface Dev {
  readonly child: ChildProcess;
  readonly ups: Up[];
  said: string;
}

function startDev(settings: Readonly<Record<string, string>> = {}): Dev {
  const { NODE_TEST_CONTEXT: _ours, ...env } = process.env;
  const child = spawn(process.execPath, ['scripts/dev.ts', '--json'], {
    cwd: copy,
    env: { ...env, DATA_DIR: join(copy, 'data'), PORT: '0', LOG_LEVEL: 'warn', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const dev: Dev = { child, ups: [], said: '' };
  createInterface(child.stdout).on('line', (line) => {
    if (line.startsWith('{"urls"')) dev.ups.push(JSON.parse(line) as Up);
  });
  child.stderr.on('data', (text: Buffer) => {
    dev.said += text.toString();
  });
  return dev;
}

/** The nth start, once it answers. */
async function up(dev: Dev, nth: number): Promise<Up> {
  return settle(async () => {
    assert.equal(dev.child.exitCode, null, dev.said);
    const one = dev.ups[nth - 1];
    assert.ok(one, dev.said);
    assert.equal((await fetch(`${one.urls.gateway}/health`)).status, 200);
    return one;
  });
}

const postgresPid = (): number =>
  Number(readFileSync(join(copy, 'data/postgres/postmaster.pid'), 'utf8').split('\n')[0]);

function lives(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

const FILE = 'src/services/order/order.service.ts';
const read = (): string => readFileSync(join(copy, FILE), 'utf8');
const write = (text: string): void => writeFileSync(join(copy, FILE), text);

test('after a change Node starts anew and PostgreSQL stays; a fault waits for the next save; an interrupt ends all', async () => {
  const dev = startDev();
  const first = await up(dev, 1);
  const postgres = postgresPid();
  const good = read();

  write(`${good}\n// changed\n`);
  const second = await up(dev, 2);
  assert.notEqual(second.pid, first.pid);
  assert.deepEqual([lives(first.pid), postgresPid(), lives(postgres)], [false, postgres, true]);
  await settle(() => assert.match(dev.said, /^dev: restarted in \d+\.\d s after order\.service\.ts$/m));

  write(`${good}\nconst = ;\n`);
  await settle(() => assert.match(dev.said, /SyntaxError[\s\S]*it does not start after order\.service\.ts; waiting/));
  assert.deepEqual([dev.child.exitCode, postgresPid(), lives(postgres)], [null, postgres, true]);

  // As editors save: a new file takes the place of the old one.
  writeFileSync(join(copy, 'saved'), good);
  renameSync(join(copy, 'saved'), join(copy, FILE));
  const third = await up(dev, 3);
  assert.equal(postgresPid(), postgres);

  const ended = once(dev.child, 'exit');
  dev.child.kill('SIGINT');
  assert.deepEqual(await ended, [0, null], dev.said);
  await settle(() => assert.deepEqual([third.pid, postgres].filter(lives), []));
});

test('a database that dies is started again, and what is killed leaves nothing behind', async () => {
  const dev = startDev();
  const { pid, urls } = await up(dev, 1);
  const postgres = postgresPid();
  process.kill(postgres, 'SIGKILL');
  await settle(() => assert.match(dev.said, /the embedded PostgreSQL answers again/));
  await settle(async () => assert.equal((await fetch(`${urls.gateway}/health`)).status, 200));
  const next = postgresPid();
  dev.child.kill('SIGKILL');
  await settle(() => assert.deepEqual([pid, next].filter(lives), []));
});

test('settings that are not valid are a sentence', async () => {
  const dev = startDev({ PORT: 'ninety' });
  const [code] = await once(dev.child, 'close');
  assert.equal(code, 1);
  assert.match(dev.said, /^PORT is 'ninety'; it takes a port/);
});
