import { setTimeout as sleep } from 'node:timers/promises';
import { type BaseOptions, Consumer, type GroupAssignment } from '@platformatic/kafka';
import type { Log } from '../../log.ts';
import type { Delivery, Subscription } from '../bus.ts';
import { within } from '../patience.ts';
import { receiver } from '../receiver.ts';
import { HEADER_PREFIX } from './settings.ts';
import type { TopicMaker } from './topics.ts';
import { beginTurn, type Turn } from './turn.ts';

interface ReaderParts {
  readonly connection: BaseOptions;
  /** Of the consumer group, with its prefix. */
  readonly group: string;
  readonly nameOf: (topic: string) => string;
  readonly topics: TopicMaker;
  readonly subscription: Subscription;
  readonly log: Log;
}

/** A member that says nothing for so long counts as dead, and its partitions go to the others. */
const SESSION_MS = 10_000;
const HEARTBEAT_MS = 1_000;
const REBALANCE_MS = 20_000;
/** So long a rebalance waits for the handles under way; one that takes longer may then run beside its repetition. */
const LET_GO_MS = 12_000;
const AGAIN_MS = 1_000;

/**
 * Reads topics as a member of a consumer group. At every rebalance all that is under way comes to its end and is
 * committed before the group is joined again, so that a subject is never with two members at once.
 */
export function readTopics(parts: ReaderParts): Delivery {
  const { group, nameOf, topics, subscription, log } = parts;
  const work = receiver(subscription, HEADER_PREFIX);
  const named = new Map(subscription.wanted.map(({ topic }) => [nameOf(topic), topic]));
  const ending = new AbortController();

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      try {
        await topics.make(named.keys());
        await membership();
      } catch (error) {
        if (ending.signal.aborted) return;
        log.warn({ reason: (error as Error).message, group }, 'Kafka cannot be read; the bus tries again');
        await sleep(AGAIN_MS, undefined, { signal: ending.signal }).catch(() => undefined);
      }
    }
  }

  /** From joining the group to leaving it. Rejects when the membership cannot go on. */
  async function membership(): Promise<void> {
    const over = Promise.withResolvers<void>();
    let turn: Turn | undefined;

    const member = new Consumer({
      ...memberOptions(parts),
      async protocolsMetadata() {
        // Asked for before each join.
        await turn?.end(LET_GO_MS);
        return Buffer.alloc(0);
      },
    });
    // Commits and offsets: on a connection where no fetch waits, and without joining by themselves.
    const hands = new Consumer({ ...memberOptions(parts), retries: 0 });

    function assigned(assignments: GroupAssignment[]): void {
      hands.memberId = member.memberId;
      hands.generationId = member.generationId;
      if (ending.signal.aborted) return;
      const before = turn?.end(LET_GO_MS);
      const begun = beginTurn({ member, hands, assignments, named, work, before });
      turn = begun;
      void begun.failed.then(async (error) => {
        if (turn !== begun || ending.signal.aborted) return;
        log.warn({ reason: error.message, group }, 'Kafka cannot be read; the bus tries again');
        await sleep(AGAIN_MS);
        if (turn === begun && !begun.ended) assigned(assignments);
      });
    }

    for (const name of named.keys()) member.topics.track(name);
    member.on('consumer:group:join', ({ assignments }) => assigned(assignments ?? []));
    // A rejoin that failed, or no answer for very long: the library does not go on by itself.
    member.on('error', (error: Error) => over.reject(error));
    member.on('consumer:heartbeat:stalled', () => over.reject(new Error('Kafka answers no heartbeat')));
    ending.signal.addEventListener('abort', () => over.resolve(), { once: true });
    try {
      member.joinGroup().catch((error: Error) => over.reject(error));
      await over.promise;
    } finally {
      await turn?.end(ending.signal.aborted ? undefined : LET_GO_MS);
      await Promise.all(
        [member, hands].map((client) => within(3_000, 'late', client.close(true)).catch(() => undefined)),
      );
    }
  }

  const running = run();
  return {
    async close() {
      ending.abort();
      await running;
    },
  };
}

function memberOptions({ connection, group }: ReaderParts) {
  return {
    ...connection,
    groupId: group,
    sessionTimeout: SESSION_MS,
    heartbeatInterval: HEARTBEAT_MS,
    rebalanceTimeout: REBALANCE_MS,
    autocommit: false,
  };
}
