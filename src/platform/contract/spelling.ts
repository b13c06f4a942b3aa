/** The known words that were probably meant: those that begin with the word, else those within a few typing errors. */
export function nearestTo(word: string, known: readonly string[]): string[] {
  const completions = known.filter((one) => word.length >= 2 && one.startsWith(word));
  if (completions.length > 0) return completions.slice(0, 3);
  const distances = known.map((one) => ({ one, edits: editDistance(word, one) }));
  const least = Math.min(...distances.map(({ edits }) => edits));
  // Errors in more than two fifths of a word mean another word.
  const near = distances.filter(
    ({ one, edits }) => edits === least && edits <= Math.max(1, Math.floor(one.length * 0.4)),
  );
  return near.map(({ one }) => one).slice(0, 3);
}

/** The edit distance (optimal string alignment): letters added, missing, replaced or transposed. */
export function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...new Array<number>(b.length).fill(0)]);
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let j = 1; j <= b.length; j++) (rows[0] as number[])[j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const changed = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + changed);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, at(i - 2, j - 2) + 1);
      (rows[i] as number[])[j] = least;
    }
  }
  return at(a.length, b.length);
}
