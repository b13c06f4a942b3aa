import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { readConfig } from '../platform/config/config.ts';
import { nearestTo } from '../platform/contract/spelling.ts';
import { runCommand } from './commands.fixture.ts';
import { explanationOf } from './help.ts';
import { createOutput } from './output/output.ts';
import { createProgram } from './program.ts';
import { pathOf } from './usage.ts';

test('a word that is no command is answered with the one that was meant, and does nothing', async () => {
  const cases: [string[], RegExp][] = [
    [['stat'], /^unknown command 'stat'; did you mean 'status'\? See tradepost --help\.\n$/],
    [['sart'], /^unknown command 'sart'; did you mean 'start'\? See tradepost --help\.\n$/],
    [['migrat', '--plan'], /did you mean 'migrate'\?/],
    [['Topology'], /did you mean 'topology'\?/],
    [['help', 'topolgy'], /did you mean 'topology'\?/],
    [['topolgy', '--help'], /did you mean 'topology'\?/],
    [['dead-letters', 'lsit'], /unknown command 'lsit'; did you mean 'list'\? See tradepost dead-letters --help\.\n$/],
    [['dead-leters', 'list'], /did you mean 'dead-letters'\?/],
    [['analytics', 'chek'], /did you mean 'check'\?/],
    [['wombat'], /^unknown command 'wombat'\. See tradepost --help\.\n$/],
  ];
  for (const [words, sentence] of cases) {
    const { code, out, err } = await runCommand(words);
    assert.match(err, sentence);
    assert.deepEqual([code, out], [1, ''], words.join(' '));
  }
});

test('an option that there is not is answered with the one that was meant', async () => {
  const { code, err } = await runCommand(['migrate', '--pln']);
  assert.deepEqual([code, err], [1, "unknown option '--pln'; did you mean '--plan'? See tradepost migrate --help.\n"]);
  assert.match((await runCommand(['topology', '--jsno'])).err, /did you mean '--json'\?/);
  assert.match((await runCommand(['dead-letters', 'list', '--user', 'a'])).err, /did you mean '--username'\?/);
  assert.match((await runCommand(['start', '--hepl'])).err, /did you mean '--help'\?/);
});

test('with --json a fault is one line of JSON on standard error, whatever the fault', async () => {
  for (const words of [['wombat'], ['migrate', '--pln'], ['dead-letters'], ['dead-letters', 'show', 'order']]) {
    const { code, out, err } = await runCommand([...words, '--json']);
    assert.deepEqual([code, out, err.split('\n').length], [1, '', 2], words.join(' '));
    const { error, code: kind } = JSON.parse(err) as { error: string; code: string };
    assert.equal(kind, 'USAGE');
    assert.match(error, /See tradepost.* --help\.$/);
  }
});

test('no command at all shows the help, and so does a command that is asked for it', async () => {
  const { code, out, err } = await runCommand([]);
  assert.deepEqual([code, err], [0, '']);
  assert.match(out, /^Usage: tradepost /);
  assert.ok((JSON.parse((await runCommand(['--json'])).out) as { commands: object[] }).commands.length > 10);
  assert.equal(
    (await runCommand(['help', 'dead-letters', 'list'])).out,
    (await runCommand(['dead-letters', 'list', '--help'])).out,
  );
});

test('the help of every command has an example that begins with its name, and its exit codes', async () => {
  const configuration = () => readConfig({}, []);
  const program = createProgram({
    configuration,
    configurationWithoutWarnings: configuration,
    output: createOutput([]),
  });
  const leaves = (command: Command): Command[] =>
    command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);
  const all = leaves(program);
  assert.ok(all.length > 20);
  for (const command of all) {
    const path = pathOf(command);
    assert.ok(
      explanationOf(command)?.examples.some((line) => line.includes(path)),
      `${path} has no example`,
    );
    const { code, out } = await runCommand([...path.split(' ').slice(1), '--help']);
    assert.equal(code, 0);
    assert.match(out, /\nExamples?:\n {2}\S[\s\S]*\nExit codes:\n {2}0 {2}\S.*\n {2}1 {2}\S/, path);
    assert.match(out, /--json[\s\S]*--quiet/, path);
  }
});

test('a word that begins one is meant before one that is a slip away', () => {
  assert.deepEqual(nearestTo('stat', ['start', 'status']), ['status']);
  assert.deepEqual(nearestTo('strat', ['start', 'status']), ['start']);
  assert.deepEqual(nearestTo('statsu', ['start', 'status']), ['status']);
  assert.deepEqual(nearestTo('x', ['start', 'status']), []);
});
