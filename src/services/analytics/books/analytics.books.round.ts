import type { Ctx } from '../../../platform/contract/contract.ts';
import type { ComparedBooks } from './analytics.books.comparison.ts';
import type { BooksState } from './analytics.books.contract.ts';
import type { ComparedIds } from './analytics.books.memory.ts';
import { type BookPages, type BooksPlace, FIRST_PLACE } from './analytics.books.pages.ts';

/** A round over everything begins this long after the one before began, or when that has ended. */
const ROUND_EVERY_MS = 3_600_000;
const PAGES_A_RUN = 10;

/** What a comparison of these things found. */
export type NoteCompared = (compared: ComparedIds, found: ComparedBooks) => void;

interface BooksRound {
  /** Compares the next pages; nothing when the round has ended and the next is not due. */
  run(ctx: Ctx, note: NoteCompared): Promise<void>;
  state(): BooksState['round'];
}

/**
 * The slow round over everything, which finds what no event tells of: a lost event, a changed row, what there was
 * before the process began.
 */
export function booksRound(pages: Pick<BookPages, 'comparePage'>): BooksRound {
  let place: BooksPlace | undefined;
  let state: BooksState['round'] = { began_at: null, finished_at: null, compared: 0 };

  // By its distance, so that a clock that was set back does not end the rounds.
  const isDue = (now: string): boolean =>
    state.began_at === null || Math.abs(Date.parse(now) - Date.parse(state.began_at)) >= ROUND_EVERY_MS;

  return {
    state: () => state,
    async run(ctx, note) {
      if (!place && !isDue(ctx.now)) return;
      if (!place) {
        place = FIRST_PLACE;
        state = { began_at: ctx.now, finished_at: null, compared: 0 };
      }
      for (let done = 0; done < PAGES_A_RUN && place; done++) {
        const page = await pages.comparePage(ctx, place);
        note(page, page);
        place = page.next;
        state = { ...state, compared: state.compared + page.compared };
      }
      if (!place) state = { ...state, finished_at: ctx.now };
    },
  };
}
