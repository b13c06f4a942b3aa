import { editDistance } from '../spelling.ts';

const MAX_LENGTH = 64;

/** The known word that is nearest to a misspelt one; undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length === 0 || word.length > MAX_LENGTH) return undefined;
  const given = plain(word);
  const most = Math.max(1, Math.floor(given.length / 3));
  const near = known
    .map((name) => ({ name, distance: editDistance(given, plain(name)) }))
    .filter(({ name, distance }) => distance <= most && distance < plain(name).length);
  return near.sort((a, b) => a.distance - b.distance)[0]?.name;
}

// productId, product-id and Product_ID are all product_id.
const plain = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
