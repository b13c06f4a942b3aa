import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

/**
 * The three tiers, each by the name of its files:
 *
 * - `first`: `x.test.ts`. Node and the embedded PostgreSQL alone; in minutes on a slow machine.
 * - `all`: `x.all.test.ts`. A real broker or server, ClickHouse, a browser, processes that are killed.
 * - `nightly`: `x.nightly.test.ts`. Soak, statistics, every shape.
 */
export type Tier = 'first' | 'all' | 'nightly';

/** The tier that a test file states by its name. */
export function tierOf(file: string): Tier {
  const named = /\.(all|nightly)\.test\.ts$/.exec(file)?.[1];
  return named === undefined ? 'first' : (named as Tier);
}

/** Every test file of the repository, sorted, with `/` between folders. */
export function testFiles(): string[] {
  return ['src/**/*.test.ts', 'tests/**/*.test.ts', 'scripts/**/*.test.ts']
    .flatMap((pattern) => globSync(pattern))
    .map((file) => file.replaceAll('\\', '/'))
    .sort();
}

export interface Selection {
  readonly files: readonly string[];
  /** What the words match in a tier that was not asked for. */
  readonly elsewhere: ReadonlyMap<Tier, number>;
}

/**
 * The files that a run of `tier` takes, of those whose path has one of `words` (all without words). The second tier
 * adds its own files, and those of the first that run once for every server there is.
 */
export function select(tier: Tier, words: readonly string[], files: readonly string[] = testFiles()): Selection {
  const wanted = files.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
  const taken = wanted.filter((file) => tierOf(file) === tier || (tier === 'all' && hasTargets(file)));
  const left = wanted.filter((file) => !taken.includes(file));
  return { files: taken, elsewhere: new Map([...Map.groupBy(left, tierOf)].map(([of, all]) => [of, all.length])) };
}

/** What a suite is called with when it runs for every server, store or bus that there is. */
const TARGETS = /\b(?:each(?:Engine|Store|Target|Bus|Shape)|testApart)\(|\bfiguresStores\b/;

/** Whether a file of the first tier has more to say where more servers are. */
function hasTargets(file: string): boolean {
  return tierOf(file) === 'first' && textsOf(file).some((text) => TARGETS.test(text));
}

// A suite may lie in a fixture beside the file.
function textsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  const fixtures = [...text.matchAll(/from '(\.\.?\/[^']+\.fixture\.ts)'/g)].map(([, path = '']) =>
    normalize(join(dirname(file), path)),
  );
  return [text, ...fixtures.map((fixture) => readFileSync(fixture, 'utf8'))];
}
