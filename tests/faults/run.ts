import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Server, startKafka, startRabbit, startRedis } from '../../scripts/services/index.ts';
import { startPostgres, systemBinaries } from '../../src/platform/db/postgres/embedded/embedded.ts';
import { freePort } from '../../src/testing/ports.ts';
import { walkUnderKills } from '../walk/killed.fixture.ts';
import { killBetween } from './kills.ts';
import { outageOf } from './outage.ts';

// npm run faults: kills the process between commit and publication a thousand times, and each broker for a minute,
// under load, walks at random through two processes that are killed, and then compares every book with every other.

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    away: { type: 'string', default: '60' },
    walk: { type: 'string', default: '3600' },
    seed: { type: 'string' },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const HELP = `npm run faults -- [--kills 1000] [--away 60] [--walk 3600 [--seed 1]] [--only kills|redis|rabbitmq|kafka|walk]

  --kills  how often the process is killed between commit and publication
  --away   for how many seconds each broker is away
  --walk   for how many seconds customer, staff and carrier walk at random through two processes that are killed
  --seed   goes the way of an earlier walk again
  --only   one part of it`;

const print = (text: string) => process.stdout.write(`${text}\n`);
if (values.help) {
  print(HELP);
  process.exit(0);
}

const root = mkdtempSync(join(tmpdir(), 'tradepost-faults-'));

/** A PostgreSQL server of one's own with fsync on, for one part. */
async function withDatabase<T>(work: (env: Record<string, string>, url: string) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(root, 'postgres-'));
  const server = await startPostgres({
    dataDir,
    binaries: systemBinaries(),
    port: await freePort(),
    password: 'only-for-the-faults',
    settings: { max_connections: '100' },
  });
  const env = {
    DB_DRIVER: 'postgres',
    DATABASE_URL: server.url,
    JWT_SECRET: 'only for the faults, never elsewhere',
    LOG_LEVEL: 'fatal',
    BCRYPT_COST: '4',
  };
  try {
    return await work(env, server.url);
  } finally {
    await server.stop();
  }
}

async function kills(): Promise<void> {
  const began = Date.now();
  const result = await withDatabase((env, url) =>
    killBetween(env, url, Number(values.kills), (done) => {
      if (done % 50 === 0) console.error(`  killed ${done} times, ${Math.round((Date.now() - began) / 1000)} s`);
    }),
  );
  const { kills: times, orders, events, drainedAfter } = result;
  print(`killed ${times} times between commit and publication: ${orders} orders, ${events} events in their timelines`);
  print(`  0 lost, 0 doubled; drained ${seconds(drainedAfter)} after the last start`);
}

async function walk(): Promise<void> {
  const seed = Number(values.seed ?? Date.now() % 2 ** 31);
  print(`a walk with the seed ${seed}`);
  const result = await withDatabase((env) =>
    walkUnderKills({ env: { ...env, NODE_ENV: 'test' }, seconds: Number(values.walk), seed }),
  );
  print(`  ${result.walks} walks, ${result.steps} steps, ${result.kills} kills; all books agree after each walk`);
  print(`  ${JSON.stringify(result.answers)}`);
}

const BROKERS: Record<string, { start: typeof startRedis; setting: string }> = {
  redis: { start: startRedis, setting: 'REDIS_URL' },
  rabbitmq: { start: startRabbit, setting: 'RABBITMQ_URL' },
  kafka: { start: startKafka, setting: 'KAFKA_BROKERS' },
};

async function outage(name: string): Promise<void> {
  const known = BROKERS[name];
  if (!known) throw new Error(`there is no part named ${name}`);
  const broker: Server = await known.start({ dir: mkdtempSync(join(root, `${name}-`)), whileCallerLives: true });
  try {
    const result = await withDatabase((env, url) =>
      outageOf(broker, { ...env, EVENT_BUS: name, [known.setting]: broker.url }, url, Number(values.away) * 1_000),
    );
    const { orders, events, backlog, meanwhile, drainedAfter } = result;
    print(`${name} killed and away for ${values.away} s: ${orders} orders (${meanwhile} meanwhile), ${events} events`);
    print(`  backlog ${backlog} events; 0 lost, 0 doubled; drained ${seconds(drainedAfter)} after the load ended`);
  } finally {
    await broker.stop();
  }
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

try {
  if (!values.only || values.only === 'kills') await kills();
  if (!values.only || values.only === 'walk') await walk();
  for (const name of Object.keys(BROKERS)) if (!values.only || values.only === name) await outage(name);
} catch (error) {
  console.error(error);
  process.exitCode = 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}
