import { ConfigError } from '../../config/config.ts';
import type { CopyEndpoint } from './endpoint.ts';
import { type Moved, movedSentence } from './moved.ts';

// Refuses what `tradepost db copy` has written a part of: what is missing would be taken for what never was, and ids
// would be given twice. Refuses as well what such a copy has taken elsewhere: there would be two of it.

/** A service into which a copy was begun and not finished, and whether its tables are still there. */
export interface Begun {
  readonly service: string;
  readonly there: boolean;
}

/** Throws ConfigError when services went elsewhere. */
export function refuseMoved(moved: readonly Moved[], where: string, store: CopyEndpoint['driver']): void {
  if (moved.length > 0) throw new ConfigError([movedSentence(moved, where, store)]);
}

/**
 * Throws ConfigError for what a copy has brought only in part. Returns those whose tables were dropped, and with them all
 * that a copy could go on with.
 */
export function refuseBegun(begun: readonly Begun[], where: string): string[] {
  const half = begun.filter(({ there }) => there).map(({ service }) => service);
  if (half.length === 0) return begun.map(({ service }) => service);
  throw new ConfigError([
    `\`tradepost db copy\` has not finished bringing ${half.join(', ')} to ${where}: run it again, or empty the place (docs/moving-stores.md says how).`,
  ]);
}
