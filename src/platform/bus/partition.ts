/** Into how many parts a topic is cut where the broker does not say: each part is with one process of a group. */
export const PARTITIONS = 8;

/** The part that a subject belongs to. It decides where events lie, so it never changes: FNV-1a over UTF-8. */
export function partitionOf(subject: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(subject)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % PARTITIONS;
}
