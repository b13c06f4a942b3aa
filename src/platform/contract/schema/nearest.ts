const MAX_LENGTH = 64;

/** The known word that is nearest to a misspelt one; undefined when none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length === 0 || word.length > MAX_LENGTH) return undefined;
  const given = plain(word);
  const most = Math.max(1, Math.floor(given.length / 3));
  const near = known
    .map((name) => ({ name, distance: distance(given, plain(name)) }))
    .filter(({ name, distance }) => distance <= most && distance < plain(name).length);
  return near.sort((a, b) => a.distance - b.distance)[0]?.name;
}

// productId, product-id and Product_ID are all product_id.
const plain = (name: string): string => name.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');

/** The edit distance (optimal string alignment): letters replaced, missing, added or transposed. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const changed = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + same);
      row.push(swapped ? Math.min(changed, at(before, j - 2) + 1) : changed);
    }
    before = last;
    last = row;
  }
  return at(last, b.length);
}

const at = (row: readonly number[], index: number): number => row[index] ?? Number.MAX_SAFE_INTEGER;
