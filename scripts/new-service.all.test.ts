import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { hasChdb } from '../src/testing/clickhouse.ts';

// A copy of the project, in which a new service is made as a person would make it.

const COPIED = [
  'src',
  'scripts',
  'tests',
  'bin',
  'package.json',
  'tsconfig.json',
  'biome.json',
  '.dependency-cruiser.js',
];

let copy: string;
before(() => {
  copy = mkdtempSync(join(tmpdir(), 'tradepost-new-service-'));
  for (const path of [...COPIED, '.gitignore']) cpSync(path, join(copy, path), { recursive: true });
  symlinkSync(join(process.cwd(), 'node_modules'), join(copy, 'node_modules'));
});
after(() => rmSync(copy, { recursive: true, force: true }));

/** Runs node in the copy; its tests start a server of their own, which knows the new schema. */
function node(...args: string[]): { status: number | null; output: string } {
  const { NODE_TEST_CONTEXT: _ours, TRADEPOST_TEST_ENGINES: _known, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: copy, env, encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

const newService = (...args: string[]) => node('scripts/new-service.ts', ...args);

test('what can be no service is refused with a sentence, and nothing is written', () => {
  const refused: [string[], RegExp][] = [
    [['Refund'], /is no name of a service/],
    [['gift-card'], /is no name of a service/],
    [['../x'], /is no name of a service/],
    [['class'], /is a word of the language/],
    [['wire'], /is a word of the language or of the container/],
    [['postgres'], /POSTGRES_PORT, which is a setting already/],
    [['order'], /src\/services\/order exists already/],
    [['user', '--wire'], /src\/services\/user exists already/],
    [['a', 'b'], /npm run new:service <name>/],
    [[], /npm run new:service <name>/],
  ];
  for (const [args, sentence] of refused) {
    const { status, output } = newService(...args);
    assert.equal(status, 1, args.join(' '));
    assert.match(output, sentence);
  }
  assert.equal(existsSync(join(copy, 'src/services/class')), false);
});

test('help is an answer', () => {
  const { status, output } = newService('--help');
  assert.deepEqual([status, output.split('\n')[0]], [0, 'npm run new:service <name> [--wire]']);
});

test('without --wire it says which line to add, and the container stays as it is', () => {
  const before = readFileSync(join(copy, 'src/container.ts'), 'utf8');
  const { status, output } = newService('entry');
  assert.equal(status, 0, output);
  assert.match(output, /import \{ entryModule \} from '\.\/services\/entry\/index\.ts';/);
  assert.match(output, /const entry = wire\(entryModule, \{\}\);/);
  assert.equal(readFileSync(join(copy, 'src/container.ts'), 'utf8'), before);
  assert.match(
    readFileSync(join(copy, 'src/services/entry/entry.contract.ts'), 'utf8'),
    /'GET \/entries\/\{entry_id\}'/,
  );
  assert.match(readFileSync(join(copy, 'src/services/entry/README.md'), 'utf8'), /An entry belongs to the user/);
});

test('a new service compiles, keeps the rules of the house, and its tests pass on both stores', () => {
  const made = newService('refund', '--wire');
  assert.equal(made.status, 0, made.output);
  const port = /port: (\d+),/.exec(readFileSync(join(copy, 'src/services/refund/refund.contract.ts'), 'utf8'))?.[1];
  assert.equal(port, '3012', 'the first free port after that of entry');
  const passes = (...args: string[]) => {
    const run = node(...args);
    assert.equal(run.status, 0, run.output);
    return run.output;
  };
  passes('node_modules/typescript/bin/tsc', '-p', '.');
  passes('node_modules/@biomejs/biome/bin/biome', 'check', 'src/services/refund', 'src/container.ts');
  passes('node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', '--config', '.dependency-cruiser.js', 'src');
  const tests = ['model', 'repository', 'api'].map((kind) => `src/services/refund/refund.${kind}.test.ts`);
  const output = passes('--test', ...tests);
  assert.match(output, /fail 0/);
  const documented = ['examples', 'answers'].map((what) => `tests/journeys/documented-${what}.test.ts`);
  assert.match(passes('--test', ...documented), /fail 0/);
  // Where chDB is missing, the suites themselves say so, and fail in CI.
  for (const store of ['embedded PostgreSQL [\\d.]+', ...(hasChdb() ? ['chDB in the process'] : [])]) {
    assert.match(output, new RegExp(`✔ how refunds are kept \\(${store}\\)`));
    assert.match(output, new RegExp(`✔ refunds over HTTP \\(${store}\\)`));
  }
});
