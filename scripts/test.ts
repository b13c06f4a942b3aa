import { spawnSync } from 'node:child_process';
import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CHDB } from '../src/platform/db/clickhouse/chdb.ts';
import { findBinaries, startPostgres, systemBinaries } from '../src/platform/db/embedded/embedded.ts';
import { hasChdb, runningServer, startEndpoint } from '../src/platform/testing/clickhouse.ts';
import { prepareTemplate } from '../src/platform/testing/databases.ts';
import { freePort } from '../src/platform/testing/ports.ts';
import { addresses, states } from './services/state.ts';

// npm test: starts every database server that this machine has, runs all suites against each, and names what it
// could not run. In CI (CI=true) a missing server is a failure. `npm test -- order` runs the files whose path has it.
// The brokers are used where they run; `npm run services -- up` starts them.

const filter = process.argv[2];
const all = ['src/**/*.test.ts', 'tests/**/*.test.ts', 'scripts/**/*.test.ts']
  .flatMap((pattern) => globSync(pattern))
  .sort();
const files = filter ? all.filter((file) => file.includes(filter)) : all;
const missing: string[] = [];
const root = mkdtempSync(join(tmpdir(), 'tradepost-tests-'));

const servers = [];
servers.push(await server('embedded', undefined));
const system = systemBinaries();
if (system) servers.push(await server('system', system));
else missing.push('a PostgreSQL server of the system: no binaries under /usr/lib/postgresql or on PATH');

const running = await runningServer();
const endpoint = !running && hasChdb() ? await startEndpoint() : undefined;
const clickhouse = running ?? endpoint?.engine;
if (clickhouse) console.error(`with ${clickhouse.name}`);
if (!hasChdb()) missing.push(`ClickHouse: chDB is not installed; \`npm install --no-save ${CHDB}\``);

const brokers = (await states()).filter(({ name }) => name !== 'postgres');
for (const { name, title, url, version, running } of brokers) {
  if (running) console.error(`with ${title} ${version}`);
  else missing.push(`${title}: nothing answers at ${url}; \`npm run services -- up ${name}\``);
}

async function server(name: string, binaries: ReturnType<typeof systemBinaries>) {
  // Durability is tested by the crash tests on servers of their own; here a flush per commit would only cost time.
  const running = await startPostgres({
    dataDir: join(root, name),
    settings: { fsync: 'off', max_connections: '300' },
    binaries: binaries ?? findBinaries(),
    port: await freePort(),
    password: 'only-for-tests',
  });
  const title = `${binaries ? 'PostgreSQL server' : 'embedded PostgreSQL'} ${running.version}`;
  await prepareTemplate(running.url);
  console.error(`with ${title}`);
  return { running, engine: { name: title, url: running.url } };
}

const result = spawnSync(process.execPath, ['--test', '--test-timeout=300000', '--test-concurrency=2', ...files], {
  stdio: 'inherit',
  env: {
    ...process.env,
    TRADEPOST_TEST_ENGINES: JSON.stringify(servers.map(({ engine }) => engine)),
    ...(clickhouse && { TRADEPOST_TEST_CLICKHOUSE: JSON.stringify(clickhouse) }),
    TRADEPOST_TEST_BROKERS: JSON.stringify(addresses(brokers)),
  },
});
for (const { running } of servers) await running.stop();
await endpoint?.stop();
rmSync(root, { recursive: true, force: true });
for (const one of missing) console.error(`not run: ${one}`);
process.exitCode = result.status === 0 && !(missing.length > 0 && process.env.CI) ? 0 : 1;
