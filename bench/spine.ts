import { bareOrders, pgbench } from './bare.ts';
import { type LoadResult, placeOrders, readProducts } from './load.ts';
import { cpuSeconds, peakMegabytes } from './process.ts';
import { median, print, row, whole } from './report.ts';
import { startBench } from './server.ts';
import { PRODUCTS, prepare } from './shop.ts';

interface Measured extends LoadResult {
  readonly nodeMicros: number;
  readonly postgresMicros: number;
}

interface Round {
  readonly bare: number;
  readonly at32: Measured;
  readonly at128: Measured;
  readonly reads: Measured;
}

/** What placing an order needs, and nothing that follows from it. */
const PLACING = 'user,product,order,invoice,gateway';

/**
 * Orders and reads beside the bare engine: first with the services that place an order, whose events are published
 * and nobody hears them; then with all services, whose consumers work meanwhile on the same two cores.
 */
export async function spine(rounds: number, seconds: number): Promise<void> {
  print(
    `the bare engine: ${pgbench() ? 'pgbench -M prepared' : 'the same SQL through the driver'}, two statements and two commits an order\n`,
  );
  await measureOrders('placing alone', { SERVICES: PLACING }, rounds, seconds);
  await measureOrders('with shipments, timelines and figures', {}, rounds, seconds);
}

async function measureOrders(
  what: string,
  env: Record<string, string>,
  rounds: number,
  seconds: number,
): Promise<void> {
  const bench = await startBench(env);
  print(`${what}; ${bench.postgres}`);
  const { token } = await prepare(bench.url);
  const common = { url: bench.url, token, products: PRODUCTS, seconds };

  function measured(load: () => LoadResult): Measured {
    const node = cpuSeconds(bench.nodePid);
    const postgres = cpuSeconds(bench.postgresPid);
    const result = load();
    const each = (before: number, pid: number) => ((cpuSeconds(pid) - before) / result.total) * 1e6;
    return { ...result, nodeMicros: each(node, bench.nodePid), postgresMicros: each(postgres, bench.postgresPid) };
  }

  placeOrders({ ...common, connections: 32, seconds: 3 });
  const all: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    const bare = await bareOrders({ databaseUrl: bench.databaseUrl, clients: 32, seconds, products: PRODUCTS });
    const at32 = measured(() => placeOrders({ ...common, connections: 32 }));
    const at128 = measured(() => placeOrders({ ...common, connections: 128 }));
    const reads = measured(() => readProducts({ ...common, connections: 32 }));
    all.push({ bare, at32, at128, reads });
  }
  report(all);
  row('peak memory of Node', `${whole(peakMegabytes(bench.nodePid))} MB`);
  print('');
  await bench.close();
}

function report(rounds: readonly Round[]): void {
  const of = (pick: (round: Round) => number): number => median(rounds.map(pick));

  function orders(label: string, pick: (round: Round) => Measured): void {
    row(
      `orders/s, ${label}`,
      `${whole(of((one) => pick(one).perSecond))}   ${of((one) => pick(one).perSecond / one.bare).toFixed(2)} of the bare engine`,
    );
    row('  p50 / p99', `${of((one) => pick(one).p50).toFixed(1)} / ${of((one) => pick(one).p99).toFixed(1)} ms`);
    row(
      '  CPU an order: Node / PostgreSQL',
      `${whole(of((one) => pick(one).nodeMicros))} / ${whole(of((one) => pick(one).postgresMicros))} µs`,
    );
    row('  failed', whole(rounds.reduce((sum, one) => sum + pick(one).failed, 0)));
  }

  row('orders/s, bare engine, 32 clients', whole(of((one) => one.bare)));
  orders('Tradepost, 32 connections', (one) => one.at32);
  orders('Tradepost, 128 connections', (one) => one.at128);
  row(
    'product reads/s, 32 connections',
    `${whole(of((one) => one.reads.perSecond))}   p50 / p99 ${of((one) => one.reads.p50).toFixed(1)} / ${of((one) => one.reads.p99).toFixed(1)} ms`,
  );
}
