import { setTimeout as sleep } from 'node:timers/promises';
import { delayOf, drained, eventCounts } from './events.ts';
import { type Buyer, completeFlows, type FlowResult } from './flow.ts';
import { cpuSeconds } from './process.ts';
import type { Bench } from './server.ts';

/** What the whole flow gave: place, invoice, pay, and every event of it handled by every consumer. */
export interface CashResult extends FlowResult {
  /** Flows over the time of the load and of the drain behind it. */
  readonly perSecond: number;
  readonly drainSeconds: number;
  /** Effects of events over the same time. */
  readonly effectsPerSecond: number;
  readonly publishedPerSecond: number;
  readonly nodeMicros: number;
  readonly postgresMicros: number;
}

/** Complete flows as fast as they go, and then until the last event had its effect. */
export async function measureFlows(bench: Bench, buyers: readonly Buyer[], options: FlowLoad): Promise<CashResult> {
  const before = await eventCounts(bench.url);
  const [node, postgres] = [cpuSeconds(bench.nodePid), cpuSeconds(bench.postgresPid)];
  const flow = completeFlows({ url: bench.url, buyers, ...options });
  const drainSeconds = await drained(bench.url, bench.databaseUrl);
  const after = await eventCounts(bench.url);
  const seconds = flow.seconds + drainSeconds;
  const micros = (pid: number, from: number) => ((cpuSeconds(pid) - from) / flow.flows) * 1e6;
  return {
    ...flow,
    perSecond: flow.flows / seconds,
    drainSeconds,
    effectsPerSecond: (after.handled - before.handled) / seconds,
    publishedPerSecond: (after.published - before.published) / seconds,
    nodeMicros: micros(bench.nodePid, node),
    postgresMicros: micros(bench.postgresPid, postgres),
  };
}

interface FlowLoad {
  readonly connections: number;
  readonly seconds: number;
  readonly products: { readonly first: number; readonly last: number };
}

export interface DelayResult {
  readonly p50: number;
  readonly p99: number;
  readonly effects: number;
}

/**
 * From the arrival of an order's request to the commits of everything it causes, at a rate that leaves the machine
 * room: so many orders a second, one after the other.
 */
export async function measureDelay(
  bench: Bench,
  { token }: Buyer,
  perSecond: number,
  seconds: number,
): Promise<DelayResult> {
  await drained(bench.url, bench.databaseUrl);
  const before = await eventCounts(bench.url);
  const sent: Promise<unknown>[] = [];
  const began = performance.now();
  for (let n = 0; n < perSecond * seconds; n++) {
    await sleep(Math.max(0, began + (n * 1_000) / perSecond - performance.now()));
    sent.push(order(bench.url, token));
  }
  await Promise.all(sent);
  await drained(bench.url, bench.databaseUrl);
  const after = await eventCounts(bench.url);
  return {
    p50: delayOf(0.5, before, after),
    p99: delayOf(0.99, before, after),
    effects: after.handled - before.handled,
  };
}

async function order(url: string, token: string): Promise<void> {
  const response = await fetch(`${url}/orders/single`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: '{"product_id":9,"quantity":1}',
  });
  if (response.status !== 201) throw new Error(await response.text());
  await response.arrayBuffer();
}
