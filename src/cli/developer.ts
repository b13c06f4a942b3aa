import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** What npm's scripts do for those who build on Tradepost. */
const SCRIPTS: Readonly<Record<string, string>> = {
  dev: 'start, and start again after every change under src',
  test: 'run the tests; with a word, those whose path has it',
  services: 'start and stop PostgreSQL, Redis, RabbitMQ and Apache Kafka for tests and development',
  lint: 'formatter, linter and import rules',
  types: 'check the types',
  format: 'mend what the formatter and the linter can',
  docs: 'write the generated pages; --check only compares',
  shape: 'print the figures of the house',
  build: 'make dist/tradepost.mjs',
  smoke: 'start the bundle once and ask for its health',
  bench: 'measure orders, reads and starts beside the bare engine',
  faults: 'kill the process and the brokers under load, and compare the books',
  'new:service': 'make the room of a new service',
};

/** Adds the commands that need the sources; a bundle has none of them. */
export function addDeveloperCommands(program: Command): void {
  if (!existsSync(`${ROOT}scripts/test.ts`)) return;
  for (const [name, about] of Object.entries(SCRIPTS)) {
    program
      .command(name)
      .description(about)
      .helpOption(false)
      .allowUnknownOption()
      .argument('[words...]')
      .action((words: string[]) => runScript(name, words));
  }
}

function runScript(name: string, words: readonly string[]): Promise<void> {
  const child = spawn('npm', ['run', '--silent', name, '--', ...words], { cwd: ROOT, stdio: 'inherit' });
  // The terminal sends Ctrl-C to both; the child decides when to end.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      process.exitCode = code ?? 1;
      resolve();
    });
  });
}
