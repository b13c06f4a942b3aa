import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, findErrorBy } from '@platformatic/kafka';

/** Sees that topics are there before somebody writes to them or reads them. */
export interface TopicMaker {
  make(names: Iterable<string>): Promise<void>;
  /** Looks again the next time: a topic may have been deleted. */
  forget(): void;
}

interface TopicConfig {
  readonly name: string;
  readonly value: string;
}

/** A topic that has no leader now: what is published to it waits, and nothing else. */
export class NoLeader extends Error {
  constructor(topic: string) {
    super(`The topic ${topic} has no leader yet.`);
    this.name = 'NoLeader';
  }
}

/** One that was just made gets its leader in a moment; for one that lost it nobody else is held up so long. */
const TRIES = { made: 50, there: 5 };

/**
 * Makes topics with so many partitions, the broker's own number of replicas and the given settings. What is there stays
 * as it is.
 */
export function topicMaker(admin: Admin, partitions: number, configs: readonly TopicConfig[] = []): TopicMaker {
  const known = new Map<string, Promise<void>>();

  async function one(name: string): Promise<void> {
    // Asked first: whoever may write to a topic need not have the right to make one.
    if (await hasLeaders(name)) return;
    let left = TRIES.made;
    await admin
      .createTopics({ topics: [name], partitions, replicas: -1, configs: [...configs] })
      .catch((error: Error) => {
        // Somebody else was faster, or it lost its leader.
        if (!findErrorBy(error, 'apiId', 'TOPIC_ALREADY_EXISTS')) throw error;
        left = TRIES.there;
      });
    for (; !(await hasLeaders(name)); left--) {
      if (left === 0) throw new NoLeader(name);
      await sleep(100);
    }
  }

  async function hasLeaders(name: string): Promise<boolean> {
    try {
      const { topics } = await admin.metadata({ topics: [name], forceUpdate: true, retries: 0 });
      return topics.get(name)?.partitions.every(({ leader }) => leader >= 0) ?? false;
    } catch (error) {
      if (/Unknown topic/.test(String(error)) || findErrorBy(error as Error, 'hasStaleMetadata', true)) return false;
      throw error;
    }
  }

  return {
    async make(names) {
      await Promise.all(
        [...names].map((name) => {
          let made = known.get(name);
          if (!made) {
            made = one(name);
            known.set(name, made);
            made.catch(() => known.delete(name));
          }
          return made;
        }),
      );
    },
    forget: () => known.clear(),
  };
}
