import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { hasChdb } from '../src/testing/clickhouse.ts';

// docs/SERVICE_GUIDE.md, followed to the letter in a copy of the project: its commands in their order, and each file with
// the text that the page gives it.

const COPIED = [
  'src',
  'scripts',
  'docs',
  'bin',
  'package.json',
  'tsconfig.json',
  'biome.json',
  '.dependency-cruiser.js',
];
const ROOM = 'src/services/supplier';

/** A block of the page; `file` is the path in the line above it. */
interface Block {
  readonly language: string;
  readonly text: string;
  readonly file: string | undefined;
}

const guide = readFileSync('docs/SERVICE_GUIDE.md', 'utf8');
const blocks = [...guide.matchAll(/(?:^`(\S+)`[^\n]*\n\n)?^```(\w+)\n([\s\S]*?)^```$/gm)].map(
  ([, file, language = '', text = '']): Block => ({ language, text, file }),
);
const commands = blocks.filter(({ language }) => language === 'bash').map(({ text }) => text.trim());
const files = blocks.filter(({ file }) => file?.startsWith(`${ROOM}/`)) as (Block & { readonly file: string })[];

let copy: string;
before(() => {
  copy = mkdtempSync(join(tmpdir(), 'tradepost-guide-'));
  for (const path of [...COPIED, '.gitignore']) cpSync(path, join(copy, path), { recursive: true });
  symlinkSync(join(process.cwd(), 'node_modules'), join(copy, 'node_modules'));
});
after(() => rmSync(copy, { recursive: true, force: true }));

/** Runs a command in the copy as a person would, who has started nothing. It must pass. */
function run(command: string): string {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(NODE_TEST_CONTEXT|TRADEPOST_TEST_\w+)$/.test(name)),
  );
  const PATH = [dirname(process.execPath), join(copy, 'node_modules/.bin'), process.env.PATH].join(delimiter);
  const { status, stdout, stderr } = spawnSync(command, {
    cwd: copy,
    env: { ...env, PATH },
    shell: true,
    encoding: 'utf8',
  });
  assert.equal(status, 0, `${command}\n${stdout}${stderr}`);
  return stdout + stderr;
}

const inRoom = (): string[] => globSync('**/*.*', { cwd: join(copy, ROOM) }).map((path) => `${ROOM}/${path}`);

test('every block of the page is a command, a file, or a part of one that is named', () => {
  assert.equal(blocks.length * 2, guide.match(/^```/gm)?.length);
  assert.deepEqual(
    blocks.filter(({ language, file }) => language !== 'bash' && file === undefined),
    [],
  );
  assert.equal(commands.length, 2);
  assert.ok(files.length > 10);
});

test('the room is made, with its line on the map as the page has it', () => {
  run(commands[0] ?? '');
  // On the page a line stands without the place that it has in the file.
  const container = readFileSync(join(copy, 'src/container.ts'), 'utf8')
    .split('\n')
    .map((line) => line.trim());
  const shown =
    blocks
      .find(({ file }) => file === 'src/container.ts')
      ?.text.trimEnd()
      .split('\n') ?? [];
  assert.equal(shown.length, 2);
  assert.deepEqual(
    shown.filter((line) => !container.includes(line)),
    [],
  );
});

test('the page has a text for every file of the room, and for no other', () => {
  assert.deepEqual(files.map(({ file }) => file).sort(), inRoom().sort());
});

test('with these texts it compiles, its tests pass on both stores, and it is documented', () => {
  for (const { file, text } of files) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    writeFileSync(join(copy, file), text);
  }
  const output = run(`set -e\n${commands[1]}`);
  // Where chDB is missing, the suites themselves say so, and fail in CI.
  for (const store of ['embedded PostgreSQL [\\d.]+', ...(hasChdb() ? ['chDB in the process'] : [])]) {
    assert.match(output, new RegExp(`✔ how suppliers are kept \\(${store}\\)`));
    assert.match(output, new RegExp(`✔ suppliers over HTTP \\(${store}\\)`));
  }
  const written = inRoom().filter((file) => file.endsWith('/schema.sql'));
  assert.equal(written.length, hasChdb() ? 2 : 1);
  assert.match(readFileSync(join(copy, 'docs/generated/map.md'), 'utf8'), /tradepost_supplier/);
});

test('it keeps the rules of the house', () => {
  run(`biome check ${ROOM} src/container.ts`);
  run('depcruise --config .dependency-cruiser.js src');
});
