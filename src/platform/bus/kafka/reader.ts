import { setTimeout as sleep } from 'node:timers/promises';
import { type BaseOptions, Consumer, type GroupAssignment } from '@platformatic/kafka';
import type { Log } from '../../observability/log.ts';
import type { ActiveSubscription, Subscription } from '../bus.ts';
import { receiver } from '../receiver.ts';
import { withTimeout } from '../timeout.ts';
import { type Assignment, startAssignment } from './assignment.ts';
import { KAFKA_HEADER_PREFIX } from './settings.ts';
import { changedIn, isAnother, type TopicShape, topicShapeOf } from './topic-shape.ts';
import type { TopicMaker } from './topics.ts';

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
/** So often topics are compared with what they were when the group was joined. */
const COMPARE_MS = 5_000;

/**
 * Reads topics as a member of a consumer group. At every rebalance all that is under way comes to its end and is
 * committed before the group is joined again, so that a subject is never with two members at once.
 */
export function readTopics(parts: ReaderParts): ActiveSubscription {
  const { group, nameOf, topics, subscription, log } = parts;
  const work = receiver(subscription, KAFKA_HEADER_PREFIX);
  const named = new Map(subscription.filters.map(({ topic }) => [nameOf(topic), topic]));
  const names = [...named.keys()];
  const ending = new AbortController();

  async function run(): Promise<void> {
    while (!ending.signal.aborted) {
      try {
        await topics.make(names);
        await membership();
      } catch (error) {
        if (ending.signal.aborted) return;
        if (error instanceof TopicChange) log.warn({ reason: error.message, group }, 'the group is joined anew');
        else log.warn({ reason: (error as Error).message, group }, 'Kafka cannot be read; the bus tries again');
        // A topic may have been deleted.
        topics.forget();
        await sleep(AGAIN_MS, undefined, { signal: ending.signal }).catch(() => undefined);
      }
    }
  }

  /** From joining the group to leaving it. Rejects when the membership cannot go on. */
  async function membership(): Promise<void> {
    const over = Promise.withResolvers<void>();
    let turn: Assignment | undefined;
    let shape: TopicShape | undefined;

    const member = new Consumer({
      ...memberOptions(parts),
      async protocolsMetadata() {
        // Asked for before each join.
        await turn?.end(LET_GO_MS);
        shape = await topicShapeOf(hands, names);
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
      const begun = startAssignment({ member, hands, assignments, named, work, before, lost: subscription.lost });
      turn = begun;
      void begun.failed.then(async (error) => {
        if (turn !== begun || ending.signal.aborted) return;
        await compare().catch(() => undefined);
        log.warn({ reason: error.message, group }, 'Kafka cannot be read; the bus tries again');
        await sleep(AGAIN_MS);
        if (turn === begun && !begun.ended) assigned(assignments);
      });
    }

    // What is published to a partition that was not there when the group was joined is with no member.
    async function compare(): Promise<void> {
      const now = await topicShapeOf(hands, names);
      if (!shape || ending.signal.aborted) return;
      const changed = changedIn(shape, now);
      for (const topic of changed) if (isAnother(topic, shape, now)) forget(topic);
      shape = now;
      if (changed.length > 0) over.reject(new TopicChange(`of ${changed.join(', ')} the partitions have changed`));
    }

    function forget(topic: string): void {
      turn?.drop(topic);
      const reason = 'the topic was deleted; what the group had not read of it is lost';
      subscription.lost({ topic, place: 'every partition', reason });
    }

    for (const name of names) member.topics.track(name);
    member.on('consumer:group:join', ({ assignments }) => assigned(assignments ?? []));
    // A rejoin that failed, or no answer for very long: the library does not go on by itself.
    member.on('error', (error: Error) => over.reject(error));
    member.on('consumer:heartbeat:stalled', () => over.reject(new Error('Kafka answers no heartbeat')));
    ending.signal.addEventListener('abort', () => over.resolve(), { once: true });
    const comparing = setInterval(() => void compare().catch(() => undefined), COMPARE_MS);
    try {
      member.joinGroup().catch((error: Error) => over.reject(error));
      await over.promise;
    } finally {
      clearInterval(comparing);
      await turn?.end(ending.signal.aborted ? undefined : LET_GO_MS);
      await Promise.all(
        [member, hands].map((client) => withTimeout(3_000, 'late', client.close(true)).catch(() => undefined)),
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

/** Partitions were added, or a topic is gone or another one. */
class TopicChange extends Error {}

function memberOptions({ connection, group }: ReaderParts) {
  return {
    ...connection,
    groupId: group,
    sessionTimeout: SESSION_MS,
    heartbeatInterval: HEARTBEAT_MS,
    rebalanceTimeout: REBALANCE_MS,
    autocommit: false,
    // Whoever leads the group gives away the partitions that there are, not those of minutes ago.
    metadataMaxAge: 1_000,
  };
}
