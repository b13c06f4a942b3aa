import type { Consumer } from '@platformatic/kafka';

/** The identity and the number of partitions of each topic: a deleted topic may be followed by one of its name. */
type TopicShape = ReadonlyMap<string, string>;

/** Compares topics with what they were when a group was joined. */
export interface TopicWatch {
  /** Remembers the topics as they are. */
  begin(): Promise<void>;
  /** The topics that changed since, and among them those that were deleted or replaced: their offsets mean nothing. */
  compare(): Promise<{ readonly changed: readonly string[]; readonly replaced: readonly string[] }>;
}

/** Makes one; until `begin` nothing has changed. */
export function topicWatch(client: Consumer, topics: readonly string[]): TopicWatch {
  let before: TopicShape | undefined;
  return {
    async begin() {
      before = await shapeOf(client, topics);
    },
    async compare() {
      const now = await shapeOf(client, topics);
      const known = before;
      if (!known) return { changed: [], replaced: [] };
      before = now;
      const changed = topics.filter((topic) => known.get(topic) !== now.get(topic));
      return { changed, replaced: changed.filter((topic) => idOf(known.get(topic)) !== idOf(now.get(topic))) };
    },
  };
}

// A topic that is missing in Kafka is missing in the answer.
async function shapeOf(client: Consumer, topics: readonly string[]): Promise<TopicShape> {
  const found = await Promise.all(topics.map((topic) => one(client, topic)));
  return new Map(found.flatMap((shape, n) => (shape === undefined ? [] : [[topics[n] as string, shape] as const])));
}

const idOf = (shape: string | undefined): string | undefined => shape?.split(' ')[0];

async function one(client: Consumer, topic: string): Promise<string | undefined> {
  try {
    const { topics } = await client.metadata({ topics: [topic], forceUpdate: true, retries: 0 });
    const known = topics.get(topic);
    return known && `${known.id} ${known.partitionsCount}`;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Whether Kafka said that there is no such topic. */
function isMissing(error: unknown): boolean {
  const seen = error as { apiId?: string; errors?: unknown[]; cause?: unknown };
  if (typeof error !== 'object' || error === null) return false;
  if (/^UNKNOWN_TOPIC/.test(seen.apiId ?? '') || /Unknown topic/i.test(String(error))) return true;
  return [...(seen.errors ?? []), seen.cause].some((inner) => inner !== undefined && isMissing(inner));
}
