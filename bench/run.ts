import { cpus } from 'node:os';
import { bareOrders, pgbench } from './bare.ts';
import { coldStarts } from './cold.ts';
import { hasWrk, type LoadResult, placeOrders, readProducts } from './load.ts';
import { cpuSeconds, peakMegabytes } from './process.ts';
import { startBench } from './server.ts';

// npm run bench: what the product does, and beside it, in the same minutes, what the engine under it does bare.
// Figures are medians of ROUNDS rounds that take turns, because machines drift; ratios are made round by round.

const ROUNDS = Number(process.argv[2] ?? 3);
const SECONDS = Number(process.argv[3] ?? 8);
const PRODUCTS = { first: 9, last: 108 };

if (!hasWrk()) {
  console.error('The bench needs wrk (Debian: apt-get install wrk); a load made in JavaScript would measure itself.');
  process.exit(1);
}

const bench = await startBench();
const print = (text: string) => process.stdout.write(`${text}\n`);
print(`${bench.postgres}; ${cpus().length} cores; Node ${process.version}; ${ROUNDS} rounds of ${SECONDS} s`);
print(
  `the bare engine: ${pgbench() ? 'pgbench -M prepared' : 'the same SQL through the driver'}, two statements and two commits an order\n`,
);
const token = await prepare(bench.url);

interface Measured extends LoadResult {
  readonly nodeMicros: number;
  readonly postgresMicros: number;
}

function measured(load: () => LoadResult): Measured {
  const node = cpuSeconds(bench.nodePid);
  const postgres = cpuSeconds(bench.postgresPid);
  const result = load();
  const each = (before: number, pid: number) => ((cpuSeconds(pid) - before) / result.total) * 1e6;
  return { ...result, nodeMicros: each(node, bench.nodePid), postgresMicros: each(postgres, bench.postgresPid) };
}

const common = { url: bench.url, token, products: PRODUCTS, seconds: SECONDS };
placeOrders({ ...common, connections: 32, seconds: 3 });
interface Round {
  readonly bare: number;
  readonly at32: Measured;
  readonly at128: Measured;
  readonly reads: Measured;
}

const rounds: Round[] = [];
for (let round = 0; round < ROUNDS; round++) {
  const bare = await bareOrders({ databaseUrl: bench.databaseUrl, clients: 32, seconds: SECONDS, products: PRODUCTS });
  const at32 = measured(() => placeOrders({ ...common, connections: 32 }));
  const at128 = measured(() => placeOrders({ ...common, connections: 128 }));
  const reads = measured(() => readProducts({ ...common, connections: 32 }));
  rounds.push({ bare, at32, at128, reads });
}

const median = (values: number[]): number => values.sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const of = (pick: (round: Round) => number): number => median(rounds.map(pick));
const row = (label: string, value: string) => print(`${label.padEnd(44)}${value}`);
const whole = (value: number) => Math.round(value).toLocaleString('en');

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
row('peak memory of Node', `${whole(peakMegabytes(bench.nodePid))} MB`);
await bench.close();
for (const { label, seconds } of await coldStarts())
  row(`npm start to the first order, ${label}`, `${seconds.toFixed(2)} s`);

/** An admin and a hundred products with stock; returns the token. */
async function prepare(url: string): Promise<string> {
  const post = async (path: string, body: object, headers: object = {}) => {
    const answer = await fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    if (answer.status !== 201) throw new Error(await answer.text());
    return (await answer.json()) as { token: string; product_id: number };
  };
  const { token } = await post('/register', { username: 'bench', password: 'password123' });
  for (let n = PRODUCTS.first; n <= PRODUCTS.last; n++) {
    const body = {
      name: `Bench ${n}`,
      price: n,
      category: 'Bench',
      stock_quantity: 1_000_000_000,
    };
    const made = await post('/products', body, { authorization: `Bearer ${token}` });
    if (made.product_id !== n) throw new Error(`expected product ${n}, got ${made.product_id}`);
  }
  return token;
}
