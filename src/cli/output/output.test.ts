import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configFolder, hasColours } from '../../platform/config/config.ts';
import { bufferedStreams } from '../commands.fixture.ts';
import { createOutput } from './output.ts';
import { pairs, textTable } from './table.ts';

test('NO_COLOR takes the colours, FORCE_COLOR gives them, and else a terminal has them', () => {
  const terminal = { isTTY: true };
  assert.equal(hasColours(terminal, {}), true);
  assert.equal(hasColours({}, {}), false);
  assert.equal(hasColours(terminal, { NO_COLOR: '1' }), false);
  assert.equal(hasColours(terminal, { NO_COLOR: '' }), true, 'an empty value counts for nothing');
  assert.equal(hasColours({}, { FORCE_COLOR: '1' }), true);
  assert.equal(hasColours(terminal, { FORCE_COLOR: '0' }), false);
  assert.equal(hasColours({}, { NO_COLOR: '1', FORCE_COLOR: '1' }), false);
  assert.equal(hasColours(terminal, { TERM: 'dumb' }), false);
});

test('what was asked for goes to standard output, and what is beside it to standard error', () => {
  const say = (...words: string[]) => {
    const { streams, out, err } = bufferedStreams();
    const output = createOutput(words, streams);
    output.result({ a: 1 }, () => 'a result');
    output.done({ b: 2 }, () => 'done');
    output.note('a note');
    output.progress('halfway');
    output.fault({ error: 'a fault', code: 'FAULT' });
    return [out(), err()];
  };
  assert.deepEqual(say(), ['a result\ndone\n', 'a note\na fault\n']);
  assert.deepEqual(say('--quiet'), ['a result\n', 'a fault\n']);
  assert.deepEqual(say('-q'), ['a result\n', 'a fault\n']);
  assert.deepEqual(say('--', '--quiet'), say(), 'words after -- are no options');
  assert.deepEqual(say('--json')[1], '{"error":"a fault","code":"FAULT"}\n');
  assert.deepEqual(say('--json')[0], '{\n  "a": 1\n}\n{\n  "b": 2\n}\n');
});

test('a table has its cells under each other, and none gives the terminal orders', () => {
  const rows = [
    ['mouse', '7'],
    ['a\u001b[2Jb\nc', '1234'],
  ];
  assert.equal(textTable(['name', 'left'], rows, { right: [1] }), 'name      left\nmouse        7\na [2Jb c  1234');
  assert.equal(textTable(['name', 'left'], rows, { width: 6 }).split('\n')[0], 'name …');
  assert.equal(
    pairs([
      ['a', '1\n2'],
      ['longer', undefined],
      ['bb', '3'],
    ]),
    'a   1 2\nbb  3',
  );
});

test('settings of a person are where the XDG specification has them', () => {
  assert.equal(configFolder({ XDG_CONFIG_HOME: '/home/anna/settings' }), '/home/anna/settings');
  assert.match(configFolder({}), /\/\.config$/);
  assert.match(configFolder({ XDG_CONFIG_HOME: 'relative' }), /\/\.config$/);
});
