import type { Consumer } from '@platformatic/kafka';

/** What of topics decides who reads what: which topic it is, since another may get its name, and its partitions. */
export type TopicShape = ReadonlyMap<string, string>;

/** Asks Kafka. A topic that is not there is missing in the answer, and no mistake. */
export async function topicShapeOf(client: Consumer, topics: readonly string[]): Promise<TopicShape> {
  const found = await Promise.all(topics.map((topic) => one(client, topic)));
  return new Map(found.flatMap((shape, n) => (shape === undefined ? [] : [[topics[n] as string, shape] as const])));
}

/** The topics that are not what they were. */
export function changedIn(before: TopicShape, now: TopicShape): string[] {
  return [...new Set([...before.keys(), ...now.keys()])].filter((topic) => before.get(topic) !== now.get(topic));
}

/** Whether it is another topic of that name, or none: its old places mean nothing. */
export function isAnother(topic: string, before: TopicShape, now: TopicShape): boolean {
  return idOf(before.get(topic)) !== idOf(now.get(topic));
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
export function isMissing(error: unknown): boolean {
  const seen = error as { apiId?: string; errors?: unknown[]; cause?: unknown };
  if (typeof error !== 'object' || error === null) return false;
  if (/^UNKNOWN_TOPIC/.test(seen.apiId ?? '') || /Unknown topic/i.test(String(error))) return true;
  return [...(seen.errors ?? []), seen.cause].some((inner) => inner !== undefined && isMissing(inner));
}
