import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe } from 'node:test';
import { type TestEngine, testEngines } from '../platform/config/config.ts';
import { startPostgres } from '../platform/db/postgres/embedded/embedded.ts';
import { prepareTemplate } from './databases.ts';
import { freePort } from './ports.ts';

// A test file that is run by itself gets an embedded server of its own, which ends with its process.
async function ownEngine(): Promise<TestEngine> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-test-'));
  const server = await startPostgres({
    dataDir,
    settings: { fsync: 'off' },
    port: await freePort(),
    password: 'only-for-tests',
  });
  const engine = { name: `embedded PostgreSQL ${server.version}`, url: server.url };
  await prepareTemplate(engine.url);
  // Hooks run in the order in which they were registered: this one comes after those of the file itself.
  setImmediate(() =>
    after(async () => {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    }),
  );
  return engine;
}

const given = testEngines();
const known = given.length > 0 ? given : [await ownEngine()];

/** Whether this file is one of the first tier; the second runs it again for the servers that the first had not. */
export const ofFirstTier = !/\.(all|nightly)\.test\.ts$/.test(process.argv[1] ?? '');

/** Every PostgreSQL server that this file runs on. */
export const engines = known.filter(({ done }) => !(done && ofFirstTier));

/** Any server: for suites that need a real one. */
export const engine: TestEngine = engines[0] ?? (known[0] as TestEngine);

/** Runs a suite on every server there is: what an interface promises, all of them keep. */
export function eachEngine(title: string, suite: (engine: TestEngine) => void): void {
  for (const one of engines) describe(`${title} (${one.name})`, () => suite(one));
}
