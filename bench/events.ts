import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../src/platform/db/postgres/postgres.ts';

/** How often which consumer handled an event within how many seconds, as /metrics counts it. */
export interface EventCounts {
  readonly published: number;
  readonly handled: number;
  /** Upper bound in seconds to the events that took no longer, of all consumers together. */
  readonly within: ReadonlyMap<number, number>;
}

/** What the product says of its events now. */
export async function eventCounts(url: string): Promise<EventCounts> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const sum = (pattern: RegExp) => [...text.matchAll(pattern)].reduce((all, [, value]) => all + Number(value), 0);
  const within = new Map<number, number>();
  for (const [, bound, count] of text.matchAll(/^tradepost_event_delay_seconds_bucket\{le="([\d.]+)".*\} (\d+)$/gm)) {
    within.set(Number(bound), (within.get(Number(bound)) ?? 0) + Number(count));
  }
  return {
    published: sum(/^tradepost_events_published_total (\d+)$/gm),
    handled: sum(/^tradepost_event_delay_seconds_count\{.*\} (\d+)$/gm),
    within,
  };
}

/** Resolves when no event waits and no consumer has anything left to do: after how many seconds. */
export async function drained(url: string, databaseUrl: string): Promise<number> {
  const db = openDatabase(databaseUrl, { poolSize: 1 });
  const services = ['user', 'product', 'order', 'invoice', 'delivery', 'payment', 'webhook'];
  const waits = services.map((name) => `exists (select from tradepost_${name}.outbox)`).join(' or ');
  const began = performance.now();
  let quietSince = performance.now();
  let before = -1;
  for (;;) {
    const { handled } = await eventCounts(url);
    const [row] = await db.query<{ waits: boolean }>({ name: 'waits', text: `select ${waits} as waits` });
    if (handled !== before || row?.waits) quietSince = performance.now();
    else if (performance.now() - quietSince > 400) break;
    before = handled;
    await sleep(50);
  }
  await db.close();
  return (quietSince - began) / 1_000;
}

/** The delay in milliseconds that a share of the events between two counts did not exceed. */
export function delayOf(share: number, from: EventCounts, to: EventCounts): number {
  const wanted = share * (to.handled - from.handled);
  let below = 0;
  let reached = 0;
  for (const [bound, count] of [...to.within].sort(([a], [b]) => a - b)) {
    const now = count - (from.within.get(bound) ?? 0);
    if (now >= wanted) return 1_000 * (below + ((bound - below) * (wanted - reached)) / Math.max(1, now - reached));
    below = bound;
    reached = now;
  }
  return Number.POSITIVE_INFINITY;
}
