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

/** The npm scripts for developers, with an example of each. */
const SCRIPTS: Readonly<Record<string, readonly [about: string, example: string]>> = {
  dev: ['start, and start again after every change under src; the embedded PostgreSQL stays', 'tradepost dev'],
  test: ['run the first tier of the tests; with words, those whose path has one of them', 'tradepost test order'],
  'test:all': ['run the tests that need more than Node and the embedded PostgreSQL', 'tradepost test:all bus'],
  'test:nightly': ['run the long tests: soak, drills, pictures', 'tradepost test:nightly'],
  services: [
    'start and stop PostgreSQL, Redis, RabbitMQ and Apache Kafka for tests and development',
    'tradepost services status',
  ],
  lint: ['formatter, linter and import rules', 'tradepost lint'],
  types: ['check the types', 'tradepost types'],
  format: ['fix what the formatter and the linter can fix', 'tradepost format'],
  docs: ['write the generated pages; --check only compares', 'tradepost docs --check'],
  shape: ['print the measures of the code: folders, functions, circles, homonyms', 'tradepost shape'],
  bench: ['measure orders, reads and starts beside the bare engine', 'tradepost bench -- stores'],
  faults: ['kill the process and the brokers under load, and audit the accounts', 'tradepost faults'],
  'new:service': ['create the folder of a new service', 'tradepost new:service refund'],
};

const MORE =
  'Its arguments go to the script of the same name in package.json. With --json the output of the script goes to standard ' +
  'error, and standard output has {"script", "exit_code"}.';

/** Adds the commands of the scripts, where these are installed. */
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
      exits: { 0: 'the script succeeded', 1: 'it failed; any other code is that of the script' },
      more: MORE,
    });
  }
}

const FORWARDED_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

async function runScript(name: string, words: readonly string[], output: Output): Promise<void> {
  const child = spawn('npm', ['run', '--silent', name, '--', ...words], {
    cwd: ROOT,
    stdio: ['inherit', output.json ? process.stderr : 'inherit', 'inherit'],
    // A server under npm watches this process, and stops when it has ended.
    env: launchEnvironment(),
  });
  // The child decides when to end.
  for (const signal of FORWARDED_SIGNALS) process.on(signal, () => child.kill(signal));
  const exit_code = await new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    // The exit code of a shell after a signal.
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
  process.exitCode = exit_code;
  if (output.json) output.result({ script: name, exit_code }, () => '');
}
