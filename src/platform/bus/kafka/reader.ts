import { setTimeout as sleep } from 'node:timers/promises';
import type { ActiveSubscription } from '../bus.ts';
import { receiver } from '../receiver.ts';
import { holdMembership, type MembershipOptions, TopicChange } from './membership.ts';
import { KAFKA_HEADER_PREFIX } from './settings.ts';
import type { TopicMaker } from './topics.ts';

interface ReaderParts extends Omit<MembershipOptions, 'named' | 'work' | 'closing'> {
  readonly nameOf: (topic: string) => string;
  readonly topics: TopicMaker;
}

const AGAIN_MS = 1_000;

/** Reads topics as a member of a consumer group, which is joined anew whenever a membership ends. */
export function readTopics(parts: ReaderParts): ActiveSubscription {
  const { group, nameOf, topics, subscription, log } = parts;
  const work = receiver(subscription, KAFKA_HEADER_PREFIX);
  const named = new Map(subscription.filters.map(({ topic }) => [nameOf(topic), topic]));
  const closing = new AbortController();

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      try {
        await topics.make(named.keys());
        await holdMembership({ ...parts, named, work, closing: closing.signal });
      } catch (error) {
        if (closing.signal.aborted) return;
        if (error instanceof TopicChange) log.warn({ reason: error.message, group }, 'the group is joined anew');
        else log.warn({ reason: (error as Error).message, group }, 'Kafka cannot be read; the bus tries again');
        // A topic may have been deleted.
        topics.forget();
        await sleep(AGAIN_MS, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
  }

  const running = run();
  return {
    async close() {
      closing.abort();
      await running;
    },
  };
}
