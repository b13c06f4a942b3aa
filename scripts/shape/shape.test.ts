import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { circlesIn, importsOf } from './circles.ts';
import { homonymsIn } from './homonyms.ts';
import { measure } from './measures.ts';

const folder = mkdtempSync(join(tmpdir(), 'tradepost-shape-'));
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

test('files that reach each other are one circle, and a way that leads out of it is none', () => {
  const imports = new Map([
    ['a', ['b']],
    ['b', ['c', 'd']],
    ['c', ['a']],
    ['d', ['e']],
    ['e', []],
    ['f', ['g', 'a']],
    ['g', ['f']],
  ]);
  assert.deepEqual(
    circlesIn(imports).map((circle) => circle.join()),
    ['a,b,c', 'f,g'],
  );
});

test('an import of a type and a name that is passed on lead to a file as any import does', () => {
  const one = file('one.ts', "import type { Two } from './two.ts';\nexport interface One { two: Two }\n");
  const two = file('two.ts', "export { One } from './one.ts';\nexport interface Two {}\n");
  assert.deepEqual(circlesIn(importsOf([one, two])), [[one, two]]);
});

test('a name that two files export is found, and a schema with its type in one file is one thing', () => {
  const here = file('here.ts', 'export const Line = 1;\nexport type Line = number;\nexport function own() {}\n');
  const there = file('there.ts', "export class Line {}\nexport { own } from './here.ts';\n");
  assert.deepEqual(homonymsIn([here]), []);
  assert.deepEqual(homonymsIn([here, there]), [{ name: 'Line', files: [here, there] }]);
});

test('a function is as long as all that lies in it, and a text in it is one line', () => {
  const path = file(
    'long.ts',
    [
      'export function long() {',
      '  const text = `select',
      '    1',
      '  `;',
      '  return () => {',
      '    text.at(0);',
      '  };',
      '}',
      '',
    ].join('\n'),
  );
  const [long] = measure(path).functions;
  assert.deepEqual([long?.name, long?.lines, long?.grossLines], ['long', 5, 6]);
});
