import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../src/platform/db/postgres/postgres.ts';
import { hasChdb } from '../src/testing/clickhouse.ts';
import { measureIngest } from './ingest.ts';
import { type LoadResult, placeOrders, readOrders } from './load.ts';
import { cpuSeconds, peakMegabytes } from './process.ts';
import { median, print, row, whole } from './report.ts';
import { measureRevenue } from './revenue.ts';
import { type Product, startBench, startProduct } from './server.ts';
import { PRODUCTS, prepare } from './shop.ts';

/** A shop whose states are in one of the two stores. */
interface Side {
  readonly url: string;
  readonly pid: number;
  readonly token: string;
}

interface Measured extends LoadResult {
  /** Of the product, with the engine where it is in its process. */
  readonly micros: number;
}

interface Round {
  readonly at32: Measured;
  readonly at128: Measured;
  readonly reads: Measured;
}

const PLACING = 'user,product,order,invoice,gateway';

/** Both stores beside each other: what they take, what they give, and what they weigh. */
export async function stores(rounds: number, seconds: number, millions: readonly number[]): Promise<void> {
  if (!hasChdb()) {
    print('not measured: the stores side by side; ClickHouse in the process needs `npm run add:chdb`');
    return;
  }
  await ordersAndReads(rounds, seconds);
  await measureIngest();
  for (const million of millions) await measureRevenue(million * 1_000_000, Math.max(rounds, 5));
}

/** Only some services run, so the log of their events must be where others could read it: a database of its own. */
async function logDatabase(beside: string): Promise<string> {
  const admin = openDatabase(beside, { poolSize: 1 });
  await admin.script('create database clickhouse_events');
  await admin.close();
  const url = new URL(beside);
  url.pathname = '/clickhouse_events';
  return url.href;
}

async function ordersAndReads(rounds: number, seconds: number): Promise<void> {
  const bench = await startBench({ SERVICES: PLACING });
  const dataDir = mkdtempSync(join(tmpdir(), 'tradepost-bench-clickhouse-'));
  const product: Product = await startProduct({
    DB_DRIVER: 'clickhouse',
    DATABASE_URL: await logDatabase(bench.databaseUrl),
    DATA_DIR: dataDir,
    SERVICES: PLACING,
  });
  print(
    `placing and reading orders; ${bench.postgres}; beside it ClickHouse in the process (chDB), fsync_after_insert on`,
  );
  const sides = [
    await sideOf(bench.url, bench.nodePid, seconds),
    await sideOf(product.url, product.pid, seconds),
  ] as const;
  const all: [Round, Round][] = [];
  for (let n = 0; n < rounds; n++) all.push([oneRound(sides[0], seconds), oneRound(sides[1], seconds)]);
  report(all);
  row(
    'peak memory of Node, PostgreSQL | ClickHouse',
    `${sides.map(({ pid }) => `${whole(peakMegabytes(pid))} MB`).join(' | ')}`,
  );
  print('');
  await product.stop();
  await bench.close();
  rmSync(dataDir, { recursive: true, force: true });
}

async function sideOf(url: string, pid: number, seconds: number): Promise<Side> {
  const { token } = await prepare(url);
  // Orders to read, and a warm engine.
  placeOrders({ url, token, products: PRODUCTS, connections: 32, seconds: Math.min(seconds, 4) });
  return { url, pid, token };
}

function oneRound({ url, pid, token }: Side, seconds: number): Round {
  const common = { url, token, products: PRODUCTS, seconds };
  const measured = (load: () => LoadResult): Measured => {
    const before = cpuSeconds(pid);
    const result = load();
    return { ...result, micros: ((cpuSeconds(pid) - before) / result.total) * 1e6 };
  };
  return {
    at32: measured(() => placeOrders({ ...common, connections: 32 })),
    at128: measured(() => placeOrders({ ...common, connections: 128 })),
    reads: measured(() => readOrders({ ...common, connections: 32, products: { first: 1, last: 500 } })),
  };
}

function report(rounds: readonly (readonly [Round, Round])[]): void {
  function line(label: string, pick: (round: Round) => Measured): void {
    const of = (side: 0 | 1, figure: (one: Measured) => number) =>
      median(rounds.map((round) => figure(pick(round[side]))));
    const both = (figure: (one: Measured) => number, digits = 0) =>
      [of(0, figure), of(1, figure)].map((value) => (digits === 0 ? whole(value) : value.toFixed(digits))).join(' | ');
    const ratio = median(rounds.map(([one, other]) => pick(other).perSecond / pick(one).perSecond));
    row(`${label}, PostgreSQL | ClickHouse`, `${both((one) => one.perSecond)}   ${ratio.toFixed(2)} of PostgreSQL`);
    row('  p50', `${both((one) => one.p50, 1)} ms`);
    row('  p99', `${both((one) => one.p99, 1)} ms`);
    row('  CPU of the process each', `${both((one) => one.micros)} µs`);
    const failed = rounds.flatMap((round) => round.map((side) => pick(side).failed)).reduce((sum, one) => sum + one, 0);
    row('  failed', whole(failed));
  }
  line('orders/s, 32 connections', (round) => round.at32);
  line('orders/s, 128 connections', (round) => round.at128);
  line('reads/s of an order by id, 32 connections', (round) => round.reads);
}
