import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { KINDS } from '../scripts/services/index.ts';
import { coldStarts } from './cold.ts';
import { flows } from './events-report.ts';
import { hasWrk } from './load.ts';
import { print, row } from './report.ts';
import { spine } from './spine.ts';
import { stores } from './stores.ts';

// npm run bench: what the product does, and beside it, in the same minutes, what the engine under it does bare.
// Figures are medians of rounds that take turns, because machines drift; ratios are made round by round.

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '8' },
    millions: { type: 'string', default: '1,10' },
    help: { type: 'boolean' },
  },
});

const PARTS: Record<string, (rounds: number, seconds: number) => Promise<void>> = {
  orders: spine,
  flow: async (rounds, seconds) => flows(rounds, seconds, await runningBrokers()),
  stores: (rounds, seconds) => stores(rounds, seconds, values.millions.split(',').map(Number)),
  start: async () => {
    for (const { label, seconds } of await coldStarts())
      row(`npm start to the first order, ${label}`, `${seconds.toFixed(2)} s`);
  },
};

if (values.help) {
  print(`npm run bench -- [--rounds 3] [--seconds 8] [--millions 1,10] [${Object.keys(PARTS).join('] [')}]

  orders  orders and reads beside the bare engine
  flow    place, invoice and pay with all their events, on each bus that runs (npm run services -- up)
  stores  PostgreSQL and ClickHouse beside each other: orders, reads, figures, disk (npm run add:chdb)
  start   from npm start to the first order`);
  process.exit(0);
}
const parts = positionals.length > 0 ? positionals : Object.keys(PARTS);
const unknown = parts.filter((part) => !(part in PARTS));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}.`);
  process.exit(1);
}
if (!hasWrk()) {
  console.error('The bench needs wrk (Debian: apt-get install wrk); a load made in JavaScript would measure itself.');
  process.exit(1);
}

const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
print(`${cpus().length} cores; Node ${process.version}; ${rounds} rounds of ${seconds} s`);
for (const part of parts) await PARTS[part]?.(rounds, seconds);

/** The brokers of `npm run services` that answer; the others are named. */
async function runningBrokers(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const kind of KINDS.filter(({ name }) => name !== 'postgres')) {
    const url = kind.url(kind.port);
    const there = await kind.ready({ dir: '', port: kind.port }).then(
      () => true,
      () => false,
    );
    if (there) found[kind.name] = url;
    else console.error(`not measured: ${kind.title} does not run; npm run services -- up`);
  }
  return found;
}
