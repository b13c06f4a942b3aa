import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { wiredServices } from './map.ts';
import { circlesIn, importsOf } from './shape/circles.ts';
import { homonymsIn } from './shape/homonyms.ts';
import { type FunctionMeasure, measure } from './shape/measures.ts';
import { isTest, sourceFiles } from './sources.ts';

// npm run shape: the figures that tell whether the house still works. Those under `limits` fail it.

const LONGEST_FILE = 300;
const LONGEST_FUNCTION = 70;
const LARGEST_FOLDER = 20;

const all = sourceFiles('src/**/*.ts');
const sources = all.filter((file) => !isTest(file)).map(measure);
const tests = [...all.filter(isTest), ...sourceFiles('tests/**/*.ts')];
const functions = sources.flatMap((one) => one.functions);
const lines = total(sources.map((one) => one.lines));

print('files', `${sources.length}, ${lines} lines`);
print('file length', spread(sources.map((one) => one.lines)), 'median about 60, none over 300');
print('functions', String(functions.length));
print('function length', spread(functions.map((one) => one.lines)), 'median about 6');
print('exports a file', spread(sources.map((one) => one.exports)), '1 to 3');
const wired = wiredServices();
print('peers a service', most(wired.map(({ module, peers }) => [module.contract.name, peers.length])), 'at most 4');
print(
  'operations a contract',
  most(wired.map(({ module: { contract } }) => [contract.name, Object.keys(contract.ops).length])),
  'at most 15',
);
print('any', String(total(sources.map((one) => one.anys))), '0');
print('module mocks', String(total([...sources, ...tests.map(measure)].map((one) => one.moduleMocks))), '0');
print('read the environment', named(sources.filter((one) => one.environment).map((one) => one.file)), 'one file');
print('comment lines per 100', ratio(total(sources.map((one) => one.commentLines)) * 100, lines), '4 to 8');
print('test lines per line', ratio(total(tests.map(lineCount)), lines), 'at least 0.8');
print('files a commit', commitSizes(), 'at most 4, in 1 or 2 folders');

print('limits', '');
limit(
  `files over ${LONGEST_FILE} lines`,
  sources.filter((one) => one.lines > LONGEST_FILE).map((one) => `${one.file} (${one.lines})`),
);
limit(
  `functions over ${LONGEST_FUNCTION} lines`,
  functions.filter((one) => one.grossLines > LONGEST_FUNCTION).map(functionName),
);
limit(
  `folders over ${LARGEST_FOLDER} files`,
  folderSizes()
    .filter(([, count]) => count > LARGEST_FOLDER)
    .map(([folder, count]) => `${folder} (${count})`),
);
const files = sources.map(({ file }) => file);
limit(
  'circles',
  circlesIn(importsOf(files)).map((circle) => circle.join(' - ')),
);
limit(
  'homonyms',
  homonymsIn(files).map(({ name, files: places }) => `${name} (${places.join(', ')})`),
);

/** A figure that has to be none. */
function limit(name: string, found: readonly string[]): void {
  print(name, found.length === 0 ? 'none' : [found.length, ...found].join('\n  '));
  if (found.length > 0) process.exitCode = 1;
}

function print(name: string, value: string, aim?: string): void {
  process.stdout.write(`${name.padEnd(26)}${value}${aim ? `   (${aim})` : ''}\n`);
}

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  return `median ${at(0.5)}, p90 ${at(0.9)}, max ${at(1)}`;
}

function most(counts: readonly (readonly [string, number])[]): string {
  const [name, count] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? ['nothing', 0];
  return `at most ${count} (${name})`;
}

function folderSizes(): [string, number][] {
  const folders = new Map<string, number>();
  for (const file of globSync('src/**/*.*')) folders.set(dirname(file), (folders.get(dirname(file)) ?? 0) + 1);
  return [...folders];
}

function named(names: readonly string[]): string {
  return names.length === 0 ? 'none' : `${names.length}: ${names.join(', ')}`;
}

function functionName({ name, file, line, grossLines }: FunctionMeasure): string {
  return `${name} ${file}:${line} (${grossLines})`;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function ratio(part: number, whole: number): string {
  return (whole === 0 ? 0 : part / whole).toFixed(2);
}

function lineCount(file: string): number {
  return readFileSync(file, 'utf8').split('\n').length - 1;
}

/** The median of the last commits, tests and generated files left out. */
function commitSizes(): string {
  const log = spawnSync('git', ['log', '-50', '--no-merges', '--name-only', '--format=%x00', '--', 'src'], {
    encoding: 'utf8',
  });
  const commits = (log.stdout ?? '').split('\0').map((text) => text.split('\n').filter(Boolean));
  const touched = commits.filter((files) => files.length > 0).map((files) => files.filter((file) => !isTest(file)));
  if (touched.length < 2) return 'no history';
  const folders = touched.map((files) => new Set(files.map((file) => dirname(file))).size);
  return `${spread(touched.map((files) => files.length))}; folders ${spread(folders)}`;
}
