import assert from 'node:assert/strict';
import { test } from 'node:test';
import { faultLog } from './fault-log.ts';
import { createLog } from './log.ts';

function lines(): { log: ReturnType<typeof createLog>; printed: Record<string, unknown>[] } {
  const printed: Record<string, unknown>[] = [];
  const write = (line: string): void => void printed.push(JSON.parse(line));
  return { log: createLog({ LOG_LEVEL: 'info', NODE_ENV: 'test' }, { write }), printed };
}

test('a repeated fault is logged at once and then counted', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { log, printed } = lines();
  const report = faultLog(log);
  for (let n = 1; n <= 1_000; n++) report(`the clock differs by ${n} s`, { request_id: String(n) });
  assert.deepEqual(
    printed.map(({ msg, request_id }) => [msg, request_id]),
    [['the clock differs by 1 s', '1']],
  );
  t.mock.timers.tick(10_000);
  assert.deepEqual([printed.length, printed[1]?.count], [2, 999]);
  // The fault has ended: the next occurrence is logged at once again.
  t.mock.timers.tick(10_000);
  report('the clock differs by 5 s', {});
  assert.deepEqual([printed.length, printed[2]?.msg], [3, 'the clock differs by 5 s']);
});

test('different faults are logged separately, up to a hundred kinds', () => {
  const { log, printed } = lines();
  const report = faultLog(log);
  report('product does not answer', {});
  report('user does not answer', {});
  assert.equal(printed.length, 2);
  const word = (n: number) => String.fromCharCode(97 + (n % 26), 97 + Math.floor(n / 26));
  for (let n = 0; n < 500; n++) report(`made up by somebody: ${word(n)}`, {});
  assert.equal(printed.length, 101);
});
