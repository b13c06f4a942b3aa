import { setTimeout as sleep } from 'node:timers/promises';
import { PARTITIONS } from '../partition.ts';
import { withTimeout } from '../timeout.ts';
import { ANSWER_MS, type ReplaceableConnection } from './connection.ts';
import { BIND_EVERY_MS } from './publish-channel.ts';
import type { QueueConsumer } from './queue-consumer.ts';
import { rosterOf } from './roster.ts';

interface BalanceOptions {
  /** The queue that every process of the group consumes, so that they are counted. */
  readonly members: string;
  readonly connection: ReplaceableConnection;
  readonly consumers: ReadonlyMap<number, QueueConsumer>;
  readonly closing: AbortSignal;
}

const LOOK_MS = 1_000;

/** Until `closing`: keeps queues bound, and leaves those that are active here beyond a fair share. */
export async function balanceConsumers({ members, connection, consumers, closing }: BalanceOptions): Promise<void> {
  const roster = rosterOf(members, connection.current);
  let boundAt = performance.now();
  while (!closing.aborted) {
    if (performance.now() - boundAt > BIND_EVERY_MS) {
      await Promise.all(
        [...consumers.values()].map(({ bind }) => withTimeout(ANSWER_MS, 'late', bind()).catch(() => 0)),
      );
      boundAt = performance.now();
    }
    const count = await withTimeout(ANSWER_MS, 'late', roster.count()).catch(() => 1);
    const active = [...consumers.values()].filter(({ state }) => state === 'active');
    await Promise.all(active.slice(Math.ceil(PARTITIONS / count)).map((consumer) => consumer.leave()));
    await sleep(LOOK_MS, undefined, { signal: closing }).catch(() => undefined);
  }
  await withTimeout(ANSWER_MS, 'late', roster.leave()).catch(() => undefined);
}
