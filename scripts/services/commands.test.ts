import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const services = (...args: string[]) =>
  spawnSync(process.execPath, ['scripts/services.ts', ...args], { encoding: 'utf8' });

test('--help tells every command and ends well', () => {
  const { status, stdout } = services('--help');
  assert.equal(status, 0);
  for (const command of ['up', 'status', 'restart', 'kill', 'down'])
    assert.match(stdout, new RegExp(`\\n  ${command} `));
});

test('what it does not know is named, and nothing is done', () => {
  const refused: [string[], RegExp][] = [
    [[], /^npm run services -- <command>/],
    [['start'], /^There is no command 'start'/],
    [['up', 'mysql'], /^There is no server 'mysql'; there are postgres, redis, rabbitmq, kafka\./],
    [['kill'], /^kill takes the names of the servers to kill\./],
    [['up', '--fast'], /^Unknown option '--fast'/],
  ];
  for (const [args, message] of refused) {
    const { status, stdout, stderr } = services(...args);
    assert.deepEqual([status, stdout], [1, ''], args.join(' '));
    assert.match(stderr, message);
  }
});

test('down and kill have nothing to do in a directory that does not exist, and do not make it', () => {
  const dir = join(tmpdir(), `tradepost-no-services-${process.pid}`);
  assert.equal(services('down', '--native', '--dir', dir).status, 0);
  const killed = services('kill', 'redis', '--native', '--dir', dir);
  assert.equal(killed.status, 1);
  assert.match(killed.stderr, /^Redis is not running from/);
  assert.ok(!existsSync(dir));
});
