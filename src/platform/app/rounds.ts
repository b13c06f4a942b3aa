import type { Ctx } from '../contract/contract.ts';

/** A page of what is compared, newest first. */
export interface Turn {
  /** Where the next one begins; nothing when this was the last. */
  readonly next: string | null | undefined;
  /** When the oldest of it was made, where that is known. */
  readonly oldest?: string;
}

/** Compares one; `older`: all of it is of yesterday, or before. */
type Page = (cursor: string | undefined, older: boolean) => Promise<Turn>;

/** The newest of so long are compared in every round; all others a few at a time, and once a day. */
const RECENT_MS = 24 * 3_600_000;
const RECENT_PAGES = 10;
const OLDER_PAGES = 5;

/**
 * How a job compares what it has with what another service has: page by page, a bounded number in a round. Ids are not
 * in the order of their commits, so there is no mark up to which all would be done.
 */
export function rounds(): (ctx: Pick<Ctx, 'now'>, page: Page) => Promise<void> {
  let older: string | undefined;
  let olderDoneAt = Number.NEGATIVE_INFINITY;
  return async (ctx, page) => {
    const recent = new Date(Date.parse(ctx.now) - RECENT_MS).toISOString();
    let cursor: string | undefined;
    for (let pages = 0; pages < RECENT_PAGES; pages++) {
      const { next, oldest } = await page(cursor, false);
      cursor = next ?? undefined;
      if (cursor === undefined || (oldest !== undefined && oldest < recent)) break;
    }
    const now = Date.parse(ctx.now);
    if (older === undefined && now - olderDoneAt < RECENT_MS) return;
    older ??= cursor;
    for (let pages = 0; pages < OLDER_PAGES && older !== undefined; pages++) {
      older = (await page(older, true)).next ?? undefined;
    }
    if (older === undefined) olderDoneAt = now;
  };
}
