import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startServers } from './test/servers.ts';
import { select, type Tier } from './test/tiers.ts';

const HELP = `npm test [-- <word> …]              the first tier: Node and the embedded PostgreSQL alone
npm run test:all [-- <word> …]      what the first tier leaves out: every other server that is here or can be started
npm run test:nightly [-- <word> …]  soak, statistics, every shape
npm run test:coverage [-- <word> …] the first tier, with a table of the lines that it ran and coverage/lcov.info

With words only the files run whose path has one of them. A file states its tier by its name: x.test.ts,
x.all.test.ts, x.nightly.test.ts. In CI (CI=true) a missing server is a failure.
`;

const COMMAND_OF: Record<Tier, string> = {
  first: 'npm test',
  all: 'npm run test:all',
  nightly: 'npm run test:nightly',
};

const { values, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    tier: { type: 'string', default: 'first' },
    coverage: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

// The sources are compiled once for all files, which is half of what a short one costs. Coverage wants them as they are.
const CACHE = values.coverage ? {} : { NODE_COMPILE_CACHE: 'node_modules/.cache/tests' };

const tier = values.tier as Tier;
const { files, elsewhere } = select(tier, words);
if (values.help) process.stdout.write(HELP);
else if (files.length === 0) refuseEmpty();
else await run();

function refuseEmpty(): void {
  const others = [...elsewhere].map(([of, count]) => `${count} with ${COMMAND_OF[of]}`);
  const more = others.length === 0 ? '' : ` There is ${others.join(' and ')}.`;
  console.error(`No test file of ${COMMAND_OF[tier]} has ${words.map((word) => `'${word}'`).join(' or ')}.${more}`);
  process.exitCode = 1;
}

function coverage(): string[] {
  if (!values.coverage) return [];
  mkdirSync('coverage', { recursive: true });
  return [
    '--experimental-test-coverage',
    '--test-coverage-include=src/**',
    '--test-coverage-exclude=**/*.test.ts',
    '--test-coverage-exclude=**/*.fixture.ts',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=lcov',
    '--test-reporter-destination=coverage/lcov.info',
  ];
}

async function run(): Promise<void> {
  const servers = await startServers(tier, (text) => console.error(text));
  const result = spawnSync(
    process.execPath,
    ['--test', '--test-timeout=600000', '--test-concurrency=2', ...coverage(), ...files],
    {
      stdio: 'inherit',
      env: { ...process.env, ...CACHE, ...servers.env },
    },
  );
  await servers.stop();
  for (const one of servers.missing) console.error(`not run: ${one}`);
  process.exitCode = result.status === 0 && !(servers.missing.length > 0 && process.env.CI) ? 0 : 1;
}
