import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stepsInLog, stepsOnTerminal } from './steps.ts';

test('at a terminal each step ends as a line, with what was done and with seconds when it took more than one', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let now = 0;
  t.mock.method(performance, 'now', () => now);
  let text = '';
  const write = (part: string): boolean => {
    text += part;
    return true;
  };
  const steps = stepsOnTerminal({ write: (part: string) => write(part) });
  steps.begin('Preparing the database');
  assert.equal(text, '\r\x1b[K  Preparing the database … |', 'a sign at once');
  steps.progress('Creating the database');
  t.mock.timers.tick(120);
  assert.match(text, /Creating the database … -$/);
  steps.tell('37 migrations');
  now = 3_210;
  steps.begin('Starting the services');
  now = 3_300;
  steps.end();
  // What a terminal shows of it: each line as it was written last.
  const shown = text.split('\n').map((line) => line.split('\r\x1b[K').at(-1));
  assert.deepEqual(shown, [
    '  Preparing the database … done (37 migrations, 3.2 s)',
    '  Starting the services … done',
    '',
  ]);
  const before = text;
  t.mock.timers.tick(1_000);
  assert.equal(text, before, 'nothing moves any more');
});

test('a step that fails says so, and no line is left half written', () => {
  let text = '';
  const write = (part: string): boolean => {
    text += part;
    return true;
  };
  const steps = stepsOnTerminal({ write: (part: string) => write(part) });
  steps.begin('Preparing the database');
  steps.fail();
  assert.ok(text.endsWith('\r\x1b[K  Preparing the database … not done\n'), text);
});

test('in a log a step is one line, once it is done', () => {
  const lines: [object, string][] = [];
  const steps = stepsInLog({ info: (fields, line) => void lines.push([fields, line]) });
  steps.begin('Preparing the database');
  steps.tell('37 migrations');
  steps.begin('Starting the services');
  steps.fail();
  assert.deepEqual(lines, [[{ seconds: 0, details: ['37 migrations'] }, 'Preparing the database: done']]);
});
