import { bareOrders } from './bare.ts';
import { type CashResult, type DelayResult, measureDelay, measureFlows } from './cash.ts';
import { median, print, row, whole } from './report.ts';
import { type Bench, startBench } from './server.ts';
import { buyers as accounts, PRODUCTS, prepare } from './shop.ts';

/** Where the brokers are, as `npm run services -- status --json` says it. */
export type Brokers = Readonly<Record<string, string>>;

const BUYERS = 256;
const CONNECTIONS = 128;
/** Orders a second at which the delay is measured: the machine has room then. */
const CALM = 100;

interface BusResult {
  readonly flow: CashResult;
  readonly delay: DelayResult;
}

/** The complete flow on each bus: how many a second with all that follows, and how long an effect takes. */
export async function flows(rounds: number, seconds: number, brokers: Brokers): Promise<void> {
  for (const [bus, env] of Object.entries(settingsOf(brokers))) {
    const bench = await startBench({ ...env, BCRYPT_COST: '4' });
    const results = await onBus(bench, rounds, seconds);
    // On the same tables, in the same minute: how much of the machine there was.
    const bare = await bareOrders({ databaseUrl: bench.databaseUrl, clients: 32, seconds, products: PRODUCTS });
    await bench.close();
    report(bus, results);
    row('  the bare engine meanwhile, orders alone/s', whole(bare));
  }
  print('');
  print('complete, paid orders/s elsewhere, measured in November 2026 on another machine of this kind: two cores for');
  print('server, PostgreSQL 15 (fsync on) and buyers, no other load; medians; their own defaults, one server process:');
  row('  Vendure 3.7.3, 32 buyers; jobs still queued', '7.9');
  row('  Medusa 2.21.2, 8 buyers; with capture', '1.5');
}

async function onBus(bench: Bench, rounds: number, seconds: number): Promise<BusResult[]> {
  await prepare(bench.url);
  const buyers = await accounts(bench.url, BUYERS);
  const load = { connections: CONNECTIONS, products: PRODUCTS };
  await measureFlows(bench, buyers, { ...load, seconds: 3 });
  const results: BusResult[] = [];
  for (let round = 0; round < rounds; round++) {
    const flow = await measureFlows(bench, buyers, { ...load, seconds });
    const [buyer] = buyers;
    if (!buyer) throw new Error('there are no buyers');
    results.push({ flow, delay: await measureDelay(bench, buyer, CALM, seconds) });
  }
  return results;
}

function report(bus: string, results: readonly BusResult[]): void {
  const of = (pick: (one: BusResult) => number): number => median(results.map(pick));
  row(`place + invoice + pay/s, ${bus}`, whole(of(({ flow }) => flow.perSecond)));
  row(
    '  one request, p50 / p99',
    `${of(({ flow }) => flow.p50).toFixed(0)} / ${of(({ flow }) => flow.p99).toFixed(0)} ms`,
  );
  row(
    '  events/s published; effects/s committed',
    `${whole(of(({ flow }) => flow.publishedPerSecond))}; ${whole(of(({ flow }) => flow.effectsPerSecond))}`,
  );
  row('  drained after the load', `${of(({ flow }) => flow.drainSeconds).toFixed(1)} s`);
  row(
    '  CPU a flow: Node / PostgreSQL',
    `${whole(of(({ flow }) => flow.nodeMicros))} / ${whole(of(({ flow }) => flow.postgresMicros))} µs`,
  );
  row(
    `  request to effect at ${CALM} orders/s, p50 / p99`,
    `${of(({ delay }) => delay.p50).toFixed(0)} / ${of(({ delay }) => delay.p99).toFixed(0)} ms`,
  );
}

function settingsOf({ redis, rabbitmq, kafka }: Brokers): Record<string, Record<string, string>> {
  // Names of this run alone: what an earlier one left on a broker is nobody's business here.
  const own = { KAFKA_GROUP_ID: `bench-${Date.now()}`, KAFKA_TOPIC_PREFIX: `bench-${Date.now()}-` };
  return {
    embedded: {},
    ...(redis && { redis: { EVENT_BUS: 'redis', REDIS_URL: redis, ...own } }),
    ...(rabbitmq && { rabbitmq: { EVENT_BUS: 'rabbitmq', RABBITMQ_URL: rabbitmq, ...own } }),
    ...(kafka && { kafka: { EVENT_BUS: 'kafka', KAFKA_BROKERS: kafka, ...own } }),
  };
}
