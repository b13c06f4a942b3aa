import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { Command } from 'commander';
import { readConfig } from '../platform/config/config.ts';
import { WORLD_SETTINGS, type World, world } from '../testing/world.ts';
import { runCommand } from './commands.fixture.ts';
import { createOutput } from './output/output.ts';
import { createProgram } from './program.ts';
import { pathOf } from './usage.ts';

const ESCAPE = '\u001b';
const folder = mkdtempSync(join(tmpdir(), 'tradepost-uniform-'));
const environment = { ...process.env };

let shop: World;

before(async () => {
  shop = await world();
  const { token = '' } = await shop.as('admin');
  Object.assign(process.env, WORLD_SETTINGS, {
    DATABASE_URL: shop.databaseUrl,
    PORT: new URL(shop.url).port,
    DATA_DIR: join(folder, 'data'),
    XDG_CONFIG_HOME: folder,
    TRADEPOST_TOKEN: token,
    TRADEPOST_PASSWORD: 'password123',
  });
});

after(async () => {
  process.env = environment;
  await shop.close();
  rmSync(folder, { recursive: true });
});

/** Every command that ends by itself, as it does its work. */
const LINES = [
  'migrate --plan',
  'migrate',
  'seed',
  'status',
  'doctor',
  'topology',
  'config',
  'config --example',
  'login --username boss',
  'logout',
  'dead-letters list',
  'dead-letters replay --all',
  'analytics check',
  'books check',
  'analytics rebuild',
  'analytics export --what revenue --out figures.csv',
].map((line) => line.replace('figures.csv', join(folder, 'figures.csv')));

/** Those that say why they do nothing. */
const REFUSALS = [
  'dead-letters show order 7',
  'dead-letters replay order 7x',
  'dead-letters discard order 7',
  'db copy --from postgres --to postgres',
  'db release --on postgres --only cart',
  'start now',
];

test('each command prints one JSON document with --json, and without colours whatever FORCE_COLOR says', async () => {
  process.env.FORCE_COLOR = '1';
  for (const line of LINES) {
    const { code, out, err } = await runCommand([...line.split(' '), '--json']);
    assert.deepEqual([line, err], [line, '']);
    assert.equal(typeof JSON.parse(out), 'object', line);
    assert.ok(code === 0 || /doctor|replay/.test(line), line);
    assert.ok(!out.includes(ESCAPE), line);
  }
});

test('each command that refuses prints one line of JSON, on standard error alone', async () => {
  for (const line of REFUSALS) {
    const { code, out, err } = await runCommand([...line.split(' '), '--json']);
    assert.deepEqual([line, code, out, err.split('\n').length], [line, 1, '', 2]);
    const { error, code: kind } = JSON.parse(err) as { error: string; code: string };
    assert.ok(error.endsWith('.') && kind === kind.toUpperCase(), err);
  }
});

test('what is asked for is printed with --quiet too, and what is done is not', async () => {
  const asked = (line: string) => /plan|status|topology|config|list|check/.test(line);
  for (const line of LINES) {
    if (line === 'doctor') continue;
    const { out, err } = await runCommand([...line.split(' '), '--quiet']);
    assert.equal(err, '', line);
    assert.equal(out !== '', asked(line), `${line}: ${out}`);
  }
});

test('no command has colours where NO_COLOR is set, and those that have them have them where FORCE_COLOR is', async () => {
  process.env.FORCE_COLOR = '1';
  for (const line of ['status', 'doctor']) assert.ok((await runCommand([line])).out.includes(ESCAPE), line);
  process.env.NO_COLOR = '1';
  for (const line of LINES) assert.ok(!(await runCommand(line.split(' '))).out.includes(ESCAPE), line);
  delete process.env.NO_COLOR;
  delete process.env.FORCE_COLOR;
  for (const line of LINES)
    assert.ok(!(await runCommand(line.split(' '))).out.includes(ESCAPE), `${line}: no terminal`);
});

test('no command is left out of these tests but those that go on, and the scripts', () => {
  const configuration = () => readConfig({}, []);
  const program = createProgram({
    configuration,
    configurationWithoutWarnings: configuration,
    output: createOutput([]),
  });
  const leaves = (one: Command): Command[] => (one.commands.length === 0 ? [one] : one.commands.flatMap(leaves));
  const ours = leaves(program).filter((one) => one.registeredArguments[0]?.name() !== 'words');
  const tried = [...LINES, ...REFUSALS];
  for (const one of ours) {
    const path = pathOf(one).replace('tradepost ', '');
    assert.ok(
      tried.some((line) => line.startsWith(path)),
      path,
    );
  }
});
