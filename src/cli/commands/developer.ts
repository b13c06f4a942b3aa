import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { launchEnvironment } from '../../platform/config/config.ts';
import type { CommandContext } from '../context.ts';
import { addCommandHelp } from '../help.ts';
import type { Output } from '../output/output.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** What npm's scripts do for those who build on Tradepost, with an example of each. */
const SCRIPTS: Readonly<Record<string, readonly [about: string, example: string]>> = {
  dev: ['start, and start again after every change under src; the embedded PostgreSQL stays', 'tradepost dev'],
  test: ['run the first tier of the tests; with words, those whose path has one of them', 'tradepost test order'],
  'test:all': ['run the tests that need more than Node and the embedded PostgreSQL', 'tradepost test:all bus'],
  'test:nightly': ['run the tests that take their time', 'tradepost test:nightly'],
  services: [
    'start and stop PostgreSQL, Redis, RabbitMQ and Apache Kafka for tests and development',
    'tradepost services status',
  ],
  lint: ['formatter, linter and import rules', 'tradepost lint'],
  types: ['check the types', 'tradepost types'],
  format: ['mend what the formatter and the linter can', 'tradepost format'],
  docs: ['write the generated pages; --check only compares', 'tradepost docs --check'],
  shape: ['print the figures of the house', 'tradepost shape'],
  bench: ['measure orders, reads and starts beside the bare engine', 'tradepost bench -- stores'],
  faults: ['kill the process and the brokers under load, and compare the books', 'tradepost faults'],
  'new:service': ['make the room of a new service', 'tradepost new:service refund'],
};

const MORE =
  'Its words go to the script of the same name in package.json. With --json what the script prints goes to standard ' +
  'error, and standard output has {"script", "exit_code"}.';

/** Adds the commands that need the scripts, where these are. */
export function addDeveloperCommands(program: Command, { output }: CommandContext): void {
  if (!existsSync(`${ROOT}scripts/test.ts`)) return;
  for (const [name, [about, example]] of Object.entries(SCRIPTS)) {
    const command = program
      .command(name)
      .description(about)
      .allowUnknownOption()
      .argument('[words...]')
      .action((words: string[]) => runScript(name, words, output));
    addCommandHelp(command, {
      examples: [example],
      exits: { 0: 'the script has done it', 1: 'it has not; any other code is that of the script' },
      more: MORE,
    });
  }
}

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

async function runScript(name: string, words: readonly string[], output: Output): Promise<void> {
  const child = spawn('npm', ['run', '--silent', name, '--', ...words], {
    cwd: ROOT,
    stdio: ['inherit', output.json ? process.stderr : 'inherit', 'inherit'],
    // What serves under npm looks for this process, and ends when it is gone.
    env: launchEnvironment(),
  });
  // The child decides when to end.
  for (const signal of PASSED_ON) process.on(signal, () => child.kill(signal));
  const exit_code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    // As a shell counts the end by a signal.
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
  process.exitCode = exit_code;
  if (output.json) output.result({ script: name, exit_code }, () => '');
}
