import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestEngine } from '../../src/platform/config/config.ts';
import { CHDB } from '../../src/platform/db/clickhouse/chdb.ts';
import { findBinaries, startPostgres, systemBinaries } from '../../src/platform/db/postgres/embedded/embedded.ts';
import { findBrowser } from '../../src/testing/browser.ts';
import { hasChdb, runningServer, startEndpoint } from '../../src/testing/clickhouse.ts';
import { prepareTemplate } from '../../src/testing/databases.ts';
import { freePort } from '../../src/testing/ports.ts';
import { KINDS, type Server, startServer } from '../services/index.ts';
import type { Kind } from '../services/kind.ts';
import { STATE_DIR, states } from '../services/state.ts';
import type { Tier } from './tiers.ts';

/** The servers of one run. */
export interface TestServers {
  /** What the test files read of them. */
  readonly env: Readonly<Record<string, string>>;
  /** What a tier wants and this machine lacks, one sentence each. */
  readonly missing: readonly string[];
  stop(): Promise<void>;
}

type Report = (text: string) => void;

/** Starts what the tests of a tier stand on, and finds what runs already. */
export async function startServers(tier: Tier, report: Report): Promise<TestServers> {
  const root = mkdtempSync(join(tmpdir(), 'tradepost-tests-'));
  const stops: (() => Promise<unknown>)[] = [async () => rmSync(root, { recursive: true, force: true })];
  const stop = async (): Promise<void> => {
    for (const end of stops.reverse()) await end();
  };
  try {
    const embedded = await startDatabase(join(root, 'embedded'), undefined, report);
    stops.push(embedded.stop);
    const rest = tier === 'first' ? NOTHING : await startOthers(root, stops, report);
    const engines: TestEngine[] = [{ ...embedded.engine, done: tier !== 'first' }, ...rest.engines];
    return {
      env: { TRADEPOST_TEST_TIER: tier, TRADEPOST_TEST_ENGINES: JSON.stringify(engines), ...rest.env },
      missing: rest.missing,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Others {
  readonly engines: readonly TestEngine[];
  readonly env: Readonly<Record<string, string>>;
  readonly missing: readonly string[];
}

const NOTHING: Others = { engines: [], env: {}, missing: [] };

async function startOthers(root: string, stops: (() => Promise<unknown>)[], report: Report): Promise<Others> {
  const missing: string[] = [];
  const engines: TestEngine[] = [];
  const system = systemBinaries();
  if (system) {
    const server = await startDatabase(join(root, 'system'), system, report);
    stops.push(server.stop);
    engines.push(server.engine);
  } else missing.push('a PostgreSQL server of the system: no binaries under /usr/lib/postgresql or on PATH');

  const running = await runningServer();
  const endpoint = !running && hasChdb() ? await startEndpoint() : undefined;
  if (endpoint) stops.push(() => endpoint.stop());
  const clickhouse = running ?? endpoint?.engine;
  if (clickhouse) report(`with ${clickhouse.name}`);
  if (!hasChdb()) missing.push(`ClickHouse: chDB is not installed; \`npm install --no-save ${CHDB}\``);

  if (!findBrowser()) missing.push('Chromium: no browser of that kind; `apt-get install chromium` brings it on Debian');

  const brokers = await startBrokers(stops, report, missing);
  return {
    engines,
    missing,
    env: {
      ...(clickhouse && { TRADEPOST_TEST_CLICKHOUSE: JSON.stringify(clickhouse) }),
      TRADEPOST_TEST_BROKERS: JSON.stringify(brokers),
    },
  };
}

async function startDatabase(dataDir: string, binaries: ReturnType<typeof systemBinaries>, report: Report) {
  // Durability is tested by the crash tests on servers of their own; here a flush per commit would only cost time.
  const server = await startPostgres({
    dataDir,
    settings: { fsync: 'off', max_connections: '300' },
    binaries: binaries ?? findBinaries(),
    port: await freePort(),
    password: 'only-for-tests',
  });
  const name = `${binaries ? 'PostgreSQL server' : 'embedded PostgreSQL'} ${server.version}`;
  await prepareTemplate(server.url);
  report(`with ${name}`);
  return { engine: { name, url: server.url }, stop: () => server.stop() };
}

/** The brokers that run, and those whose programs are here: these are started, and stopped at the end of the run. */
async function startBrokers(
  stops: (() => Promise<unknown>)[],
  report: Report,
  missing: string[],
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const kind of KINDS.filter(({ name }) => name !== 'postgres')) {
    const [state] = await states(STATE_DIR, [kind]);
    const server = state?.running ? state : await startBroker(kind, stops);
    if (server instanceof Error) {
      missing.push(`${kind.title}: ${server.message} \`npm run services -- up ${kind.name}\` brings it.`);
      continue;
    }
    found[kind.name] = server.url;
    report(`with ${kind.title} ${server.version}`);
  }
  return found;
}

async function startBroker(kind: Kind, stops: (() => Promise<unknown>)[]): Promise<Server | Error> {
  // Of its own and not below the others: the account of a server must be able to enter it.
  const dir = mkdtempSync(join(tmpdir(), `tradepost-${kind.name}-`));
  stops.push(async () => rmSync(dir, { recursive: true, force: true }));
  try {
    const server = await startServer(kind, { dir, whileCallerLives: true });
    stops.push(() => server.stop());
    return server;
  } catch (error) {
    return error as Error;
  }
}
