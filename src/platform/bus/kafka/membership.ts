import { setTimeout as sleep } from 'node:timers/promises';
import { type BaseOptions, Consumer, type GroupAssignment } from '@platformatic/kafka';
import type { Log } from '../../observability/log.ts';
import type { Subscription } from '../bus.ts';
import type { Receiver } from '../receiver.ts';
import { withTimeout } from '../timeout.ts';
import { type Assignment, startAssignment } from './assignment.ts';
import { topicWatch } from './topic-watch.ts';

export interface MembershipOptions {
  readonly connection: BaseOptions;
  /** Of the consumer group, with its prefix. */
  readonly group: string;
  readonly subscription: Subscription;
  /** The bus's own name of each topic by its name in Kafka. */
  readonly named: ReadonlyMap<string, string>;
  readonly work: Receiver;
  readonly closing: AbortSignal;
  readonly log: Log;
}

/** Partitions were added, or a topic was deleted or made anew. */
export class TopicChange extends Error {}

/** A member that sends no heartbeat for so long counts as dead, and its partitions go to the others. */
const SESSION_MS = 10_000;
const HEARTBEAT_MS = 1_000;
const REBALANCE_MS = 20_000;
/** So long a rebalance waits for the handlers in flight; one that takes longer may then run beside its repetition. */
const DRAIN_MS = 12_000;
const AGAIN_MS = 1_000;
/** So often topics are compared with what they were when the group was joined. */
const COMPARE_MS = 5_000;
const CLOSE_MS = 3_000;

/**
 * One membership, from joining the group to leaving it at `closing`. Rejects when it cannot go on. At every rebalance
 * the assignment drains before the group is joined again, so that a subject is never with two members at once.
 */
export async function holdMembership(options: MembershipOptions): Promise<void> {
  const { group, named, work, subscription, closing, log } = options;
  const names = [...named.keys()];
  const over = Promise.withResolvers<void>();
  let current: Assignment | undefined;
  const offsetClient = new Consumer({ ...memberOptions(options), retries: 0 });
  const watch = topicWatch(offsetClient, names);
  const member = new Consumer({
    ...memberOptions(options),
    async protocolsMetadata() {
      // Asked for before each join.
      await current?.end(DRAIN_MS);
      await watch.begin();
      return Buffer.alloc(0);
    },
  });

  function assign(assignments: GroupAssignment[]): void {
    offsetClient.memberId = member.memberId;
    offsetClient.generationId = member.generationId;
    if (closing.aborted) return;
    const before = current?.end(DRAIN_MS);
    const begun = startAssignment({ member, offsetClient, assignments, named, work, before, lost: subscription.lost });
    current = begun;
    void begun.failed.then((error) => restart(begun, assignments, error));
  }

  async function restart(failed: Assignment, assignments: GroupAssignment[], error: Error): Promise<void> {
    if (current !== failed || closing.aborted) return;
    await compare().catch(() => undefined);
    log.warn({ reason: error.message, group }, 'Kafka cannot be read; the bus tries again');
    await sleep(AGAIN_MS);
    if (current === failed && failed.state === 'failed') assign(assignments);
  }

  // What is published to a partition that was not there when the group was joined is with no member.
  async function compare(): Promise<void> {
    const { changed, replaced } = await watch.compare();
    if (closing.aborted) return;
    for (const topic of replaced) {
      current?.drop(topic);
      subscription.lost({ topic, place: 'every partition', reason: DELETED });
    }
    if (changed.length > 0) over.reject(new TopicChange(`of ${changed.join(', ')} the partitions have changed`));
  }

  for (const name of names) member.topics.track(name);
  member.on('consumer:group:join', ({ assignments }) => assign(assignments ?? []));
  // A rejoin that failed, or no answer for very long: the library does not go on by itself.
  member.on('error', (error: Error) => over.reject(error));
  member.on('consumer:heartbeat:stalled', () => over.reject(new Error('Kafka answers no heartbeat')));
  closing.addEventListener('abort', () => over.resolve(), { once: true });
  const comparing = setInterval(() => void compare().catch(() => undefined), COMPARE_MS);
  try {
    member.joinGroup().catch((error: Error) => over.reject(error));
    await over.promise;
  } finally {
    clearInterval(comparing);
    await current?.end(closing.aborted ? undefined : DRAIN_MS);
    await Promise.all([member, offsetClient].map(closeClient));
  }
}

const DELETED = 'the topic was deleted; what the group had not read of it is lost';

const closeClient = (client: Consumer) => withTimeout(CLOSE_MS, 'late', client.close(true)).catch(() => undefined);

function memberOptions({ connection, group }: MembershipOptions) {
  return {
    ...connection,
    groupId: group,
    sessionTimeout: SESSION_MS,
    heartbeatInterval: HEARTBEAT_MS,
    rebalanceTimeout: REBALANCE_MS,
    autocommit: false,
    // The leader of the group assigns the partitions that there are now, not those of minutes ago.
    metadataMaxAge: 1_000,
  };
}
